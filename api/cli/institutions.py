"""Verbs that touch the database: which one, and whose part of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from api.database_server import database_server, make_ready
from api.settings import from_environment
from itembank.errors import BankError
from itembank.storage import institutions
from itembank.storage.database import Database

T = TypeVar("T")

institution_option = click.option(
    "--institution",
    default="sample",
    envvar="ASSAY_INSTITUTION",
    show_default=True,
    help="The institution's key (or ASSAY_INSTITUTION).",
)


def with_institution(key: str, act: Callable[[Database, int], Awaitable[T]]) -> T:
    """Run `act` on the database for one institution.

    Raises:
        BankError: when there is no such institution.
    """
    with database_server(from_environment()) as (dsn, server):

        async def run() -> T:
            await make_ready(dsn, server)
            database = Database(dsn)
            try:
                institution_id = await institutions.find(database, key)
                if institution_id is None:
                    raise BankError(f"There is no institution '{key}'; make it with `assay institution {key}`.")
                return await act(database, institution_id)
            finally:
                await database.close()

        return asyncio.run(run())
