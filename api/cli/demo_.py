"""assay demo"""

import asyncio
import sys

import click

from api.database_server import database_server, make_ready
from api.settings import from_environment


@click.command("demo")
@click.option("--seed-only", is_flag=True, help="Make the sample institution and stop.")
def command(seed_only: bool) -> None:
    """Serve a sample institution: a calibrated bank, an assessment, four accounts that sign in with one click.

    Example: assay demo
    """
    from api.serving import run

    settings = from_environment(is_demo=True)
    with database_server(settings) as (dsn, server):
        click.echo("Preparing the sample institution …", err=True)
        asyncio.run(_prepare(dsn, server))
        if seed_only:
            return
        click.echo(f"Assay is at {settings.public_url}  (Ctrl-C ends it)")
        sys.stdout.flush()
        run(settings)


async def _prepare(dsn: str, server: object) -> None:
    from api.sample_institution import seed
    from itembank.storage.database import Database
    from itembank.storage.embedded import EmbeddedServer

    await make_ready(dsn, server if isinstance(server, EmbeddedServer) else None)
    database = Database(dsn)
    try:
        await seed(database, dsn)
    finally:
        await database.close()
