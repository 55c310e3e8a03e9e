"""assay verify"""

from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.output import json_option, say


@click.command("verify")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def command(files: tuple[Path, ...], as_json: bool) -> None:
    """Check credential files (JSON, VC-JWT, PNG, SVG): valid, revoked, expired, or cannot be checked.

    The issuer's keys and status list are read from the issuer's https address. Exit status 1 unless all are valid.

    Example: assay verify badge.png
    """
    from openbadgeslib.util import download_file

    from engine.credentials.verify import verify_many
    from engine.messages import say as words

    verdicts = verify_many((path.read_bytes() for path in files), download_file, datetime.now(UTC))
    lines = [f"{path}: {words(verdict.first_line)} {verdict.detail}".rstrip() for path, verdict in zip(files, verdicts)]
    say(verdicts, "\n".join(lines), as_json)
    if any(verdict.status != "valid" for verdict in verdicts):
        raise click.exceptions.Exit(1)
