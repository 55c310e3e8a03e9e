"""assay calibrate"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, progress, say

if TYPE_CHECKING:
    from itembank.exchange.responses import ResponseTable

MODELS = ("rasch", "1pl", "2pl", "3pl", "4pl", "pcm", "gpcm", "grm", "nrm", "auto")
MOST_SAID = 3
"""Notes repeated at the terminal; all are in the document."""


@click.command("calibrate")
@click.argument("responses", required=False, type=click.Path(path_type=Path))
@click.option("--field-test", "field_tests", multiple=True, help="Answers kept with --bank instead; may be repeated.")
@click.option(
    "--items", type=click.Path(path_type=Path), help="Items file: which columns are items, keys, competencies."
)
@click.option(
    "--key", type=click.Path(path_type=Path), help="File item_id,key: the cells of these items are raw choices."
)
@click.option("--model", type=click.Choice(MODELS), default="auto", show_default=True)
@click.option("--group", help="The column that tells groups apart; 'field_test': each of the field tests.")
@click.option("--fix", type=click.Path(path_type=Path), help="A calibration whose items keep their parameters.")
@click.option("--prior", "priors", multiple=True, help='A prior, such as guessing="beta(5, 17)"; may be repeated.')
@click.option("--dimensions", type=click.Choice(["competency"]), help="One correlated ability a competency.")
@click.option("--latent", type=click.Choice(["normal", "histogram"]), default="normal", show_default=True)
@click.option("--estimator", type=click.Choice(["mml", "girth"]), default="mml", show_default=True)
@click.option("--fit", is_flag=True, help="Add S-X2, infit and outfit to each item.")
@click.option("--omit-as-wrong", is_flag=True, help="Score an empty cell 0 instead of leaving it out.")
@click.option("--skip-bad", is_flag=True, help="Report bad cells and rows and go on without them.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="CALIBRATION.json, or .csv.")
@click.option("--bank", help="Attach the result to this bank as well; whose field tests these are.")
@click.option("--dry-run", is_flag=True, help="Do not attach the result to the bank.")
@click.option("--origin", default="", help="Whose answers these are, in words (with --bank).")
@institution_option
@json_option
def command(
    output: Path,
    bank: str | None,
    origin: str,
    institution: str,
    as_json: bool,
    field_tests: tuple[str, ...],
    dry_run: bool,
    **options: Any,
) -> None:
    """Estimate item parameters by marginal maximum likelihood from a response file (CSV, TSV, Parquet, long or wide),
    or from field tests that were kept with a bank.

    Example: assay calibrate responses.csv --items items.csv --model 2pl --fit --output calibration.json
    """
    from api.cli.calibration_job import calibrate_table, write_calibration, write_calibration_report

    if (options["responses"] is None) == (not field_tests) or (field_tests and not bank):
        raise click.UsageError("Name a response file, or --bank and its --field-test; one of the two.")
    with progress("Calibrating") as tell:
        if field_tests:
            assert bank is not None
            document, table = _from_field_tests(bank, field_tests, institution, tell, options)
        else:
            document, table = calibrate_table(tell=tell, **options)
        write_calibration(document, output)
        if output.suffix.lower() == ".json":
            tell("report")
            write_calibration_report(document, table, output)
    attached = ""
    if bank and not dry_run:
        from itembank.workflows.keep_calibration import keep_calibration

        kept = with_institution(
            institution,
            lambda database, institution_id: keep_calibration(
                database, institution_id, bank, document, origin=origin or f"responses of {table.report.file}"
            ),
        )
        attached = f" Attached to bank {bank}: {kept.calibrated} items are operational."
    sentence = (
        f"{document['status']}: {len(document['items'])} items from {document['n_responses']} answers of "
        f"{document['n_persons']} persons; log-likelihood {document['log_likelihood']:.4f}. "
        f"Written to {output}.{attached}{''.join(f' Note: {note}' for note in document['notes'][:MOST_SAID])}"
    )
    say(document if as_json else None, sentence, as_json)


FROM_FILES = ("items", "key", "omit_as_wrong", "skip_bad")
"""Options that say how a file is read; answers kept with a bank were read before."""


def _from_field_tests(
    bank: str, names: tuple[str, ...], institution: str, tell: Callable[[str], None], options: Mapping[str, Any]
) -> tuple[dict[str, Any], "ResponseTable"]:
    from api.cli.calibration_job import calibrate_answers
    from itembank.workflows.read_field_tests import read_field_tests

    for name in FROM_FILES:
        if options[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} says how a file is read; field tests were read before.")
    if options["group"] not in (None, "field_test"):
        raise click.UsageError("The group of field tests is 'field_test'; they keep no other.")
    tell("reading")
    table, competencies = with_institution(
        institution,
        lambda database, institution_id: read_field_tests(
            database, institution_id, bank, names, by_test=options["group"] is not None
        ),
    )
    chosen = {name: options[name] for name in ("model", "fix", "priors", "dimensions", "latent", "estimator", "fit")}
    return calibrate_answers(table, competencies, tell=tell, **chosen), table
