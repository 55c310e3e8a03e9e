"""assay publish"""

from pathlib import Path

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from engine.policies.documents import read_policy
from engine.workflows.publish_assessment import Published, publish_assessment
from itembank.storage import accounts
from itembank.storage.database import Database


@click.command("publish")
@click.argument("policy", type=click.Path(path_type=Path))
@click.option("--bank", required=True, help="The bank that the assessment draws on.")
@institution_option
@json_option
def command(policy: Path, bank: str, institution: str, as_json: bool) -> None:
    """Publish an assessment: freeze the bank and the policy, if the bank can satisfy every occasion.

    Example: assay publish policy.toml --bank algebra
    """
    document = read_policy(policy.read_bytes(), format="json" if policy.suffix == ".json" else "toml")

    async def act(database: Database, institution_id: int) -> Published:
        async with database.transaction(institution_id) as connection:
            account = await accounts.create(connection, institution_id, "command-line", ["service"])
        return await publish_assessment(database, institution_id, document, bank, account)

    published = with_institution(institution, act)
    sentence = (
        f"Assessment {published.assessment} version {published.number} is published on bank {bank} "
        f"version {published.bank_version} ({published.n_items} items)."
    )
    say(published, sentence, as_json)
