"""The pulse of the service: time without it is given back to every open sitting, once, whoever notices first."""

from datetime import timedelta

from itembank.storage.database import Connection, Database
from itembank.storage.sql import load

sql = load(__file__)

BEAT_SECONDS = 1.0
SILENCE = timedelta(seconds=5)
"""Longer than a few missed beats of a busy service, shorter than anything a learner should lose."""


async def beat(source: "Database | Connection", silence: timedelta = SILENCE) -> float:
    """Say that the service runs; returns the seconds given back because it did not.

    From a database it is a transaction by itself: whoever stops in the middle holds the pulse no longer than the
    statement runs, and nobody who comes late has to wait for it. On a connection it is part of its transaction.
    """
    if isinstance(source, Database):
        return float((await source.at_once(sql.beat, silence))[0][0])
    return float(await source.fetchval(sql.beat, silence))
