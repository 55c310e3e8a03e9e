"""The database's clock as a process knows it that has heard it tell the time."""

from datetime import UTC, datetime, timedelta

DRIFT = 0.0002
"""Seconds by which two clocks may part in one, generously: what was heard long ago counts for less."""
STEP = 1.0
"""A clock that shows so much more than it should was set."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HeardClock:
    """Never behind the database's clock as last heard, ahead of it by no more than its quickest answer of late took.

    The time in an answer is later than the question. So the clock is known from above, best by the quickest answer.
    Arguments are in seconds of the process's own clock, which only ever goes on.
    """

    def __init__(self) -> None:
        self._ahead = float("-inf")
        self._heard = 0.0

    def hear(self, moment: datetime, asked: float, heard: float) -> None:
        """A question asked and answered at these times was answered with that moment."""
        ahead = (moment - EPOCH).total_seconds() - asked
        aged = self._ahead + DRIFT * (heard - self._heard)
        self._ahead = aged if aged <= ahead <= aged + STEP else ahead
        self._heard = heard

    def now(self, at: float) -> datetime:
        """What the database's clock shows; `EPOCH` when nothing was heard."""
        return EPOCH if self._ahead == float("-inf") else EPOCH + timedelta(seconds=self._ahead + at)
