"""assay check"""

from pathlib import Path

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from engine.policies.documents import read_policy
from engine.workflows.publish_assessment import Feasible, check_assessment


@click.command("check")
@click.argument("assessment", type=click.Path(path_type=Path))
@click.option("--bank", required=True, help="The bank that the assessment draws on.")
@institution_option
@json_option
def command(assessment: Path, bank: str, institution: str, as_json: bool) -> None:
    """Check, without publishing, whether a bank can satisfy every occasion of an assessment's policy.

    Example: assay check policy.toml --bank algebra
    """
    policy = read_policy(assessment.read_bytes(), format="json" if assessment.suffix == ".json" else "toml")
    found: Feasible = with_institution(
        institution, lambda database, institution_id: check_assessment(database, institution_id, policy, bank)
    )
    say(found, f"{policy.key} can be published on bank {bank} ({found.n_items} items).", as_json)
