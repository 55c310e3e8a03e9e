"""assay export"""

from pathlib import Path

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from itembank.exchange.items_table import write_items
from itembank.exchange.json_lines import write_item_lines
from itembank.exchange.qti.export import write_package
from itembank.workflows.export_bank import ExportedBank, export_bank


@click.command("export")
@click.option("--bank", required=True)
@click.option("--format", "form", type=click.Choice(["qti3", "qti22", "csv", "json"]), required=True)
@click.option("--output", required=True, type=click.Path(path_type=Path))
@institution_option
@json_option
def command(bank: str, form: str, output: Path, institution: str, as_json: bool) -> None:
    """Write a bank as a QTI package, a table or JSON Lines; importing it again gives the same content hashes.

    Example: assay export --bank algebra --format qti3 --output algebra.zip
    """
    exported: ExportedBank = with_institution(
        institution, lambda database, institution_id: export_bank(database, institution_id, bank)
    )
    if form in ("qti3", "qti22"):
        data = write_package(exported.items, exported.assets, "3.0" if form == "qti3" else "2.2")
    elif form == "csv":
        data, report = write_items(exported.items)
        for entry in report.refused:
            click.echo(f"left out: {entry.key}: {'; '.join(entry.notes)}", err=True)
    else:
        data = write_item_lines(exported.items)
    output.write_bytes(data)
    say({"items": len(exported.items), "output": str(output)}, f"{len(exported.items)} items in {output}.", as_json)
