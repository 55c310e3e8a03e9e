"""assay import"""

from pathlib import Path

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, progress, say
from itembank.exchange.files import read_framework_file, read_items_file
from itembank.workflows.import_bank import ImportResult, import_bank


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--bank", required=True, help="The bank's key; it is made when it is new.")
@click.option("--framework", type=click.Path(path_type=Path), help="The framework (CSV, CASE or CTDL) of a new bank.")
@click.option("--title", default="", help="What people call a new bank.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@institution_option
@json_option
def command(
    files: tuple[Path, ...],
    bank: str,
    framework: Path | None,
    title: str,
    dry_run: bool,
    institution: str,
    as_json: bool,
) -> None:
    """Bring items and their framework into a bank: everything or nothing; the same files twice change nothing.

    Example: assay import items.csv --bank algebra --framework framework.csv --dry-run
    """
    with progress("Reading"):
        read = [read_items_file(path) for path in files]
        assets = {sha256: data for _, files_, _ in read for sha256, data in files_.items()}
        items = [item for part, _, _ in read for item in part]
        read_framework = None if framework is None else read_framework_file(framework)
    with progress("Importing"):
        result: ImportResult = with_institution(
            institution,
            lambda database, institution_id: import_bank(
                database,
                institution_id,
                bank,
                items,
                framework=read_framework,
                assets=assets,
                title=title,
                dry_run=dry_run,
            ),
        )
    refused = [(report.source, entry) for _, _, report in read for entry in report.refused]
    for file, entry in refused:
        click.echo(f"refused: {file}, {entry.place}, {entry.key}: {'; '.join(entry.notes)}", err=True)
    verb = "would be" if dry_run else "were"
    sentence = (
        f"Bank {bank}: {len(result.added)} items {verb} added, {len(result.changed)} changed, "
        f"{len(result.unchanged)} unchanged, {len(refused)} refused."
    )
    say({"result": result, "refused": [entry for _, entry in refused]}, sentence, as_json)
    if refused:
        raise click.exceptions.Exit(1)
