"""assay form"""

from pathlib import Path

import click
import msgspec

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say


@click.command("form")
@click.argument("policy", type=click.Path(path_type=Path))
@click.option("--bank", required=True, help="The bank that the form draws on.")
@click.option("--occasion", required=True, help="The occasion whose blueprint and cut the form keeps.")
@click.option("--as", "kind", type=click.Choice(["print", "large_print", "oral"]), default="print", show_default=True)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="A sheet (.html) or its plan (.json).")
@institution_option
@json_option
def command(policy: Path, bank: str, occasion: str, kind: str, output: Path, institution: str, as_json: bool) -> None:
    """Assemble a fixed form of an occasion: the blueprint of its adaptive test, most informative around its cut.

    Example: assay form policy.toml --bank algebra --occasion post_test --output form.html
    """
    from api.pages.items.sheet import render_sheet
    from engine.fixed_form import assemble_form
    from engine.occasion_design import decides_credit
    from engine.policies.documents import read_policy
    from engine.policies.records import occasion_of
    from engine.workflows.simulate_assessment import bank_as_it_stands

    if output.suffix not in (".html", ".json"):
        raise click.UsageError(f"--output must end in .html or .json, not '{output.suffix}'.")
    rules = read_policy(policy.read_bytes(), format="json" if policy.suffix == ".json" else "toml")
    frozen = with_institution(institution, lambda database, number: bank_as_it_stands(database, number, bank))
    asked = occasion_of(rules, occasion)
    form = assemble_form(asked, frozen, kind, decides=decides_credit(rules, asked))
    if output.suffix == ".json":
        output.write_bytes(msgspec.json.format(msgspec.json.encode(form), indent=2))
    else:
        output.write_text(render_sheet(rules, form, frozen), "utf-8")
    say(form, f"{len(form.items)} items, sem {form.sem_at_cut:.2f} at the cut. Written to {output}.", as_json)
