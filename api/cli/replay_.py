"""assay replay"""

from pathlib import Path
from uuid import UUID

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from engine.workflows.pack_sitting import pack_sitting
from engine.workflows.replay import Replayed, replay_sessions
from engine.workflows.shelf import Shelf


@click.command("replay")
@click.argument("session", required=False)
@click.option("--all", "everything", is_flag=True, help="Every finished sitting of the institution.")
@click.option(
    "--pack", type=click.Path(path_type=Path, dir_okay=False),
    help="Write everything behind the session's decision into this file; python3 FILE recomputes it.",
)  # fmt: skip
@institution_option
@json_option
def command(session: str | None, everything: bool, pack: Path | None, institution: str, as_json: bool) -> None:
    """Recompute scores, decisions and selections from what is stored; exit 1 unless all are identical.

    Example: assay replay --all

    Example: assay replay 7c1f0a9e-… --pack appeal.pyz
    """
    if pack is not None:
        if session is None or everything:
            raise click.UsageError("--pack writes the file of one session; name it by its uuid.")
        _write(pack, session, institution, as_json)
        return
    if (session is None) == (not everything):
        raise click.UsageError("Name one session by its uuid, or say --all.")
    replayed: Replayed = with_institution(
        institution, lambda database, institution_id: replay_sessions(database, institution_id, session)
    )
    lines = [f"{found.session}: {found.what}" for found in replayed.differences]
    lines.append(
        f"{replayed.n_identical} of {replayed.n_sessions} sittings identical, {replayed.n_events} events sealed."
    )
    say(replayed, "\n".join(lines), as_json)
    if replayed.differences:
        raise click.exceptions.Exit(1)


def _write(path: Path, session: str, institution: str, as_json: bool) -> None:
    """Write the appeal pack of one session."""
    try:
        uuid = UUID(session)
    except ValueError:
        raise click.UsageError(f"'{session}' is no uuid of a session.") from None
    packed: bytes = with_institution(
        institution, lambda database, institution_id: pack_sitting(database, Shelf(), institution_id, uuid)
    )
    path.write_bytes(packed)
    sentence = f"{path}: {len(packed)} bytes; `python3 {path.name}` recomputes the decision with nothing else."
    say({"session": session, "file": str(path), "bytes": len(packed)}, sentence, as_json)
