"""assay move"""

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from itembank.lifecycle import ALLOWED, State
from itembank.workflows.move_items import Moved, move_items


@click.command("move")
@click.argument("items", nargs=-1, required=True)
@click.option("--bank", required=True)
@click.option("--to", type=click.Choice(list(ALLOWED)), required=True, help="The state they come into.")
@click.option("--reason", required=True, help="Why; it is kept with the items for good.")
@institution_option
@json_option
def command(items: tuple[str, ...], bank: str, to: State, reason: str, institution: str, as_json: bool) -> None:
    """Move items to another state of their life: draft, pretest, operational, quarantined, retired; all or none.

    Example: assay move item-12 item-13 --bank algebra --to quarantined --reason "Answers were seen on a forum"
    """
    moved: Moved = with_institution(
        institution, lambda database, institution_id: move_items(database, institution_id, bank, items, to, reason)
    )
    n_items = len(moved.items)
    say(moved, f"{n_items} item{'' if n_items == 1 else 's'} of bank {bank} {_are(n_items)} {to} now.", as_json)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
