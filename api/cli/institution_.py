"""assay institution"""

import asyncio

import click

from api.cli.output import json_option, say
from api.database_server import database_server, make_ready
from api.settings import from_environment
from itembank.storage import accounts, institutions
from itembank.storage.database import Database


@click.command("institution")
@click.argument("key")
@click.option("--name", help="What people call it.  [default: the key]")
@click.option("--time-zone", default="UTC", show_default=True, help="An IANA time zone.")
@json_option
def command(key: str, name: str | None, time_zone: str, as_json: bool) -> None:
    """Make an institution (or find it) and a new API key for its administrator.

    The key is shown once; keep it.

    Example: assay institution riverside --name "Riverside College" --time-zone America/New_York
    """
    with database_server(from_environment()) as (dsn, server):

        async def run() -> str:
            await make_ready(dsn, server)
            institution_id = await institutions.create(dsn, key, name or key, time_zone=time_zone)
            database = Database(dsn)
            try:
                async with database.transaction(institution_id) as connection:
                    account = await accounts.create(
                        connection, institution_id, "admin", ["institution_admin", "service"], "Administrator"
                    )
                    return await accounts.add_key(connection, institution_id, account, "made on the command line")
            finally:
                await database.close()

        secret = asyncio.run(run())
    say({"institution": key, "api_key": secret}, f"Institution {key}. Its administrator's API key: {secret}", as_json)
