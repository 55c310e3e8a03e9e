"""Pauses that stop the clock: as many and as long as the learner is granted, and the deadline moves only later.

A deadline may never be moved earlier, so a pause moves it by its whole length when it begins; whatever happens to the
server meanwhile, no working time is lost. Who goes on sooner has got more than was rested: that much less is added by
the next pause. All pauses of a sitting together thus add at most what is granted, and at most one pause's length beyond
what was truly rested.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.accommodations import Accommodation
from engine.events import Event, PauseEnded, PauseTaken
from engine.periods import Moment
from itembank.records import Record


class Pause(Record, frozen=True, kw_only=True):
    """One pause: when it began, when it ends at the latest, when the learner went on, seconds added to the time."""

    began: Moment
    until: Moment
    ended: Moment | None
    seconds: int

    def rested(self, now: datetime) -> int:
        """Whole seconds rested so far."""
        return int((min(self.ended or now, self.until) - self.began).total_seconds())


def pauses_of(events: Sequence[Event], sitting: str) -> tuple[Pause, ...]:
    """The pauses of a sitting, oldest first."""
    found: list[Pause] = []
    for event in events:
        if isinstance(event, PauseTaken) and event.sitting == sitting:
            until = event.at + timedelta(minutes=event.minutes)
            found.append(Pause(began=event.at, until=until, ended=None, seconds=event.seconds))
        elif isinstance(event, PauseEnded) and event.sitting == sitting:
            last = found[-1]
            found[-1] = Pause(began=last.began, until=last.until, ended=event.at, seconds=last.seconds)
    return tuple(found)


def running(pauses: Sequence[Pause], now: datetime) -> Pause | None:
    """The pause that is on now."""
    last = pauses[-1] if pauses else None
    return last if last is not None and last.ended is None and now < last.until else None


def pauses_left(granted: Accommodation, pauses: Sequence[Pause]) -> int:
    """How many more may be taken in the sitting."""
    return max(granted.pauses - len(pauses), 0) if granted.pause_minutes else 0


def seconds_added(granted: Accommodation, pauses: Sequence[Pause], now: datetime) -> int:
    """What a pause that begins now adds to the time: its length less what earlier ones added and was not rested."""
    beyond = sum(pause.seconds for pause in pauses) - sum(pause.rested(now) for pause in pauses)
    return max(60 * granted.pause_minutes - max(beyond, 0), 0)
