"""assay pretest"""

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, progress, say


@click.command("pretest")
@click.option("--bank", required=True)
@click.option("--model", type=click.Choice(["2pl", "3pl", "rasch", "1pl", "auto"]), default="2pl", show_default=True)
@click.option("--min-responses", type=click.IntRange(10), default=100, show_default=True, help="Answers an item needs.")
@institution_option
@json_option
def command(bank: str, model: str, min_responses: int, institution: str, as_json: bool) -> None:
    """Calibrate a bank's pretest items from the answers of its sittings, operational items held fixed.

    Items with enough answers become operational; they count from the next publication on.

    Example: assay pretest --bank algebra --min-responses 200
    """
    from engine.workflows.calibrate_pretest import PretestCalibration, calibrate_pretest

    with progress("Calibrating"):
        found: PretestCalibration = with_institution(
            institution,
            lambda database, institution_id: calibrate_pretest(
                database, institution_id, bank, model=model, min_responses=min_responses
            ),
        )
    lines = [
        f"Bank {bank}: {len(found.operational)} pretest items are operational now, {len(found.waiting)} wait "
        f"({found.n_responses} answers in {found.n_sittings} sittings; {found.status})."
    ]
    lines += [f"  {item} waits: {why}" for item, why in found.waiting.items()]
    say(found, "\n".join(lines), as_json)
