"""assay migrate"""

import asyncio

import click

from api.database_server import database_server, make_ready
from api.settings import from_environment
from itembank.storage.database import newest_revision


@click.command("migrate")
def command() -> None:
    """Bring the database's schema up to date; safe to run twice and from several places at once.

    Example: DATABASE_URL=postgresql://assay@db/assay assay migrate
    """
    with database_server(from_environment()) as (dsn, server):
        asyncio.run(make_ready(dsn, server))
    click.echo(f"The schema is at revision {newest_revision()}.")
