"""assay replay"""

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from engine.workflows.replay import Replayed, replay_sessions


@click.command("replay")
@click.argument("session", required=False)
@click.option("--all", "everything", is_flag=True, help="Every finished sitting of the institution.")
@institution_option
@json_option
def command(session: str | None, everything: bool, institution: str, as_json: bool) -> None:
    """Recompute scores, decisions and selections from what is stored; exit 1 unless all are identical.

    Example: assay replay --all
    """
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
