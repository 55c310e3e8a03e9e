"""assay import"""

from pathlib import Path

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, progress, say
from itembank.exchange.files import read_framework_file, read_items_file
from itembank.exchange.parameters.files import CONVENTIONS, Convention, read_parameters
from itembank.exchange.parameters.winsteps import Units
from itembank.workflows.import_files import ImportedFiles, import_files

MOST_PAIRS = 20


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--bank", required=True, help="The bank's key; it is made when it is new.")
@click.option("--framework", type=click.Path(path_type=Path), help="The framework (CSV, CASE or CTDL) of a new bank.")
@click.option("--title", default="", help="What people call a new bank.")
@click.option("--parameters", type=click.Path(path_type=Path), help="A file of item parameters to take as they are.")
@click.option("--metric", type=click.Choice(CONVENTIONS), default="auto", show_default=True, help="Whose convention.")
@click.option("--scaling", type=float, help="D of a traditional or catR file that does not state it (1, 1.7, 1.702).")
@click.option(
    "--structure", type=click.Path(path_type=Path), help="Winsteps' structure file (SFILE=) beside its IFILE=."
)
@click.option("--umean", type=float, default=0.0, show_default=True, help="UMEAN= of Winsteps' files.")
@click.option("--uscale", type=float, default=1.0, show_default=True, help="USCALE= of Winsteps' files.")
@click.option("--with-parameters", is_flag=True, help="Take the parameters that the items bring along.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@institution_option
@json_option
def command(
    files: tuple[Path, ...],
    bank: str,
    framework: Path | None,
    title: str,
    parameters: Path | None,
    metric: Convention,
    scaling: float | None,
    structure: Path | None,
    umean: float,
    uscale: float,
    with_parameters: bool,
    dry_run: bool,
    institution: str,
    as_json: bool,
) -> None:
    """Bring items and their framework into a bank: everything or nothing; the same files twice change nothing.

    Example: assay import items.csv --bank algebra --framework framework.csv --parameters mirt.csv --dry-run
    """
    with progress("Reading"):
        read = [read_items_file(path) for path in files]
        read_framework = None if framework is None else read_framework_file(framework)
        facts = None
        if parameters is not None:
            beside = None if structure is None else structure.read_bytes()
            facts = read_parameters(
                parameters.read_bytes(), parameters.name, metric, scaling=scaling, structure=beside,
                units=Units(uscale, umean),
            )  # fmt: skip
    with progress("Importing"):
        done: ImportedFiles = with_institution(
            institution,
            lambda database, institution_id: import_files(
                database,
                institution_id,
                bank,
                read,
                framework=read_framework,
                title=title,
                parameters=facts,
                with_parameters=with_parameters,
                dry_run=dry_run,
            ),
        )
    refused = [(report.file, entry) for report in done.files for entry in report.told if entry.fate == "refused"]
    for file, entry in refused:
        click.echo(f"refused: {file}, {entry.place}, {entry.key}: {'; '.join(entry.notes)}", err=True)
    say(done, sentences(done), as_json)
    if refused:
        raise click.exceptions.Exit(1)


def sentences(done: ImportedFiles) -> str:
    """What was done, in words: counts that add up, then what an author should look at."""
    verb = "would be" if done.dry_run else "were"
    lines = [
        f"Bank {done.bank}: {done.kept['added']} items {verb} added, {done.kept['changed']} changed, "
        f"{done.kept['unchanged']} unchanged, {done.read['refused']} refused."
    ]
    for report in done.files:
        counts = ", ".join(f"{number} {fate}" for fate, number in report.counts.items())
        lines.append(f"{report.file}: {report.n_items} items read: {counts}.")
        lines += [f"  changed on reading: {e.key}: {'; '.join(e.notes)}" for e in report.told if e.fate == "changed"]
        lines += [f"  {note}" for note in report.notes]
    if done.result.back_to_draft:
        keys = ", ".join(done.result.back_to_draft)
        lines.append(f"Asked or scored otherwise now, so back to draft without parameters: {keys}.")
    if done.parameters is not None:
        lines.append(
            f"{done.parameters.source}: parameters of {done.parameters.n_items} items ({done.parameters.metric})."
        )
    lines += [
        f"Likely {pair.kind}: {pair.first} and {pair.second} ({pair.likeness:.0%} alike)."
        for pair in done.like[:MOST_PAIRS]
    ]
    if len(done.like) > MOST_PAIRS:
        lines.append(f"… and {len(done.like) - MOST_PAIRS} more like pairs; --json lists them all.")
    return "\n".join(lines)
