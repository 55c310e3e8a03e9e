"""assay responses"""

from pathlib import Path

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, progress, say


@click.command("responses")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--bank", required=True)
@click.option("--name", default="", help="What the field test is called in the bank; the file's name unless said.")
@click.option("--items", type=click.Path(path_type=Path), help="Items file: which columns are items, and their keys.")
@click.option("--key", type=click.Path(path_type=Path), help="File item_id,key: these cells are raw choices.")
@click.option("--omit-as-wrong", is_flag=True, help="Score an empty cell 0 instead of leaving it out.")
@click.option("--skip-bad", is_flag=True, help="Report bad cells and rows and go on without them.")
@institution_option
@json_option
def command(
    file: Path,
    bank: str,
    name: str,
    items: Path | None,
    key: Path | None,
    omit_as_wrong: bool,
    skip_bad: bool,
    institution: str,
    as_json: bool,
) -> None:
    """Keep the answers of a field test with the bank they were given to: wide, long, Parquet or Winsteps.

    Example: assay responses spring.csv --bank algebra --items items.csv
    """
    from itembank.exchange.responses import read_responses
    from itembank.workflows.import_responses import ImportedResponses, import_responses

    with progress("Reading"):
        table = read_responses(file, items=items, key=key, omit_as_wrong=omit_as_wrong, skip_bad=skip_bad)
    with progress("Importing"):
        done: ImportedResponses = with_institution(
            institution,
            lambda database, institution_id: import_responses(
                database, institution_id, bank, table, name=name or file.stem
            ),
        )
    sentence = (
        f"Bank {bank}: field test {done.name} with {done.n_responses} answers of {done.n_persons} persons to "
        f"{done.n_items} items ({done.n_missing} not administered, {done.n_skipped} skipped)."
    )
    say(done, sentence, as_json)
