"""The pulse of the service: time without it is given back to every open sitting, once, whoever notices first."""

from datetime import timedelta

from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)

BEAT_SECONDS = 1.0
SILENCE = timedelta(seconds=5)
"""Longer than a few missed beats of a busy service, shorter than anything a learner should lose."""


async def beat(connection: Connection, silence: timedelta = SILENCE) -> float:
    """Say that the service runs; returns the seconds given back because it did not."""
    return float(await connection.fetchval(sql.beat, silence))
