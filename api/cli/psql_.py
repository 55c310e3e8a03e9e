"""assay psql"""

import subprocess

import click

from api.database_server import database_server
from api.settings import from_environment
from itembank.storage.embedded import bin_dir


@click.command("psql", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Open the database in psql, as its owner.

    Example: assay psql -c "SELECT key FROM institution"
    """
    with database_server(from_environment()) as (dsn, _):
        raise click.exceptions.Exit(subprocess.run([str(bin_dir() / "psql"), dsn, *arguments], check=False).returncode)
