"""Sittings that end, many at a time, written together."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.record import Entry
from engine.sessions import Administered
from engine.storage.answers import columns
from itembank.records import Record
from itembank.storage.database import Database
from itembank.storage.sql import load

sql = load(__file__)


class Ended(Record, frozen=True, kw_only=True):
    """The last answer of a sitting, the decision from it, and the entry that seals it in a log that ends at `head`."""

    session_id: int
    attempt_id: int
    account_id: int
    answered: Administered
    theta: float
    sem: float
    reason: str
    outcome: bytes
    head: str
    entry: Entry


async def write(
    database: Database, institution_id: int, moment: datetime, ended: Sequence[Ended], grace: timedelta
) -> set[int]:
    """Write last answers, decisions and log entries, on disk when this returns; the ids of the sittings that ended.

    The rest was left as it is.
    """
    rows = await database.at_once(
        sql.write,
        institution_id,
        grace,
        moment,
        [end.session_id for end in ended],
        *columns([end.answered for end in ended]),
        [end.theta for end in ended],
        [end.sem for end in ended],
        [end.reason for end in ended],
        [end.outcome.decode() for end in ended],
        [end.attempt_id for end in ended],
        [end.head for end in ended],
        [end.entry.position for end in ended],
        [end.entry.body.decode() for end in ended],
        [end.entry.hash for end in ended],
        [end.account_id for end in ended],
    )
    return {row[0] for row in rows}
