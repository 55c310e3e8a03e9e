"""assay flags"""

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, progress, say
from engine.messages import say as sentence
from engine.storage.flags import KeptFlag
from engine.workflows.raise_flags import Raised
from itembank.storage.database import Database


@click.command("flags")
@click.option("--bank", help="One bank; all of the institution when it is left out.")
@click.option("--stored", is_flag=True, help="Only list what is kept already; look at nothing anew.")
@institution_option
@json_option
def command(bank: str | None, stored: bool, institution: str, as_json: bool) -> None:
    """Look at finished sittings and list what somebody should look at; nothing is withdrawn by it.

    Rapid guessing, answers or times that do not go together, answers alike, items that have become easy or drift.
    People close flags on the page "Flags" or over the API, with their name and a reason. Learners appear by pseudonym.

    Example: assay flags --bank data-literacy
    """
    with progress("Looking at sittings"):
        looked, kept = with_institution(
            institution, lambda database, institution_id: _act(database, institution_id, bank, stored=stored)
        )
    lines = [_looked(one) for one in looked]
    lines += [f"{flag.kind} ({_about(flag)}): {' '.join(sentence(one) for one in flag.said)}" for flag in kept]
    result = {"looks": [_counted(one) for one in looked], "open": [_listed(flag) for flag in kept]}
    say(result, "\n".join(lines or ["Nothing to look at."]), as_json)


async def _act(
    database: Database, institution_id: int, bank: str | None, *, stored: bool
) -> tuple[list[Raised], list[KeptFlag]]:
    from engine.storage import flags
    from engine.workflows.raise_flags import raise_all_flags, raise_flags

    looked: list[Raised] = []
    if not stored and bank is None:
        looked = await raise_all_flags(database, institution_id)
    elif not stored and bank is not None:
        looked = [await raise_flags(database, institution_id, bank)]
    async with database.transaction(institution_id) as connection:
        kept = await flags.found(connection, is_open=True)
    return looked, [flag for flag in kept if bank in (None, flag.bank)]


def _looked(raised: Raised) -> str:
    judged = ", ".join(f"{one.kind} {one.n_flagged} of {one.n_judged}" for one in raised.looked.judged)
    return (
        f"Bank {raised.bank}: {raised.looked.n_sittings} sittings, {raised.n_new} new flags"
        f"{f' ({judged})' if judged else '; too little evidence yet'}."
    )


def _counted(raised: Raised) -> dict[str, object]:
    return {
        "bank": raised.bank, "n_sittings": raised.looked.n_sittings, "n_new": raised.n_new,
        "judged": raised.looked.judged,
    }  # fmt: skip


def _about(flag: KeptFlag) -> str:
    if flag.item is not None:
        return f"item {flag.item}"
    return " and ".join(f"sitting {one.sitting} of {one.pseudonym}" for one in flag.sittings)


def _listed(flag: KeptFlag) -> dict[str, object]:
    """Without names: a terminal has no roles."""
    sittings = [{"session": one.sitting, "learner": one.pseudonym} for one in flag.sittings]
    return {
        "uuid": flag.uuid, "kind": flag.kind, "bank": flag.bank, "item": flag.item, "sessions": sittings,
        "value": flag.value, "p": flag.p, "sentence": " ".join(sentence(one) for one in flag.said),
        "raised_at": flag.raised_at,
    }  # fmt: skip
