"""Waits and windows: hours are absolute, days and months follow the institution's calendar and clock.

48 hours after Saturday 10:00 is 48 hours later whatever the clocks do. Five days after Wednesday 10:00 is 10:00 on the
fifth day after, also when the clocks change in between. A month later is the same day of the month, or its last day
where that day does not exist. A local time that a spring change skips is moved forward; one that an autumn change
repeats means its first occurrence.
"""

import calendar
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from itembank.records import Record

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its offset; naive datetimes are refused at the border."""

Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Period(Record, frozen=True, kw_only=True):
    """A length of time: months and days by the calendar, then hours by the stopwatch."""

    months: Count = 0
    days: Count = 0
    hours: Count = 0

    def __post_init__(self) -> None:
        if not (self.months or self.days or self.hours):
            raise ValueError("A period needs hours, days or months above 0; leave it out to mean no limit.")


def after(moment: datetime, period: Period, zone: ZoneInfo) -> datetime:
    """The moment `period` later, as an aware datetime in `zone`."""
    return _shift(moment, period, zone, 1)


def before(moment: datetime, period: Period, zone: ZoneInfo) -> datetime:
    """The moment `period` earlier, as an aware datetime in `zone`."""
    return _shift(moment, period, zone, -1)


def _shift(moment: datetime, period: Period, zone: ZoneInfo, sign: int) -> datetime:
    local = moment.astimezone(zone)
    if period.months or period.days:
        wall = _add_months(local.replace(tzinfo=None), sign * period.months) + timedelta(days=sign * period.days)
        local = wall.replace(tzinfo=zone, fold=0)
    absolute = local.astimezone(UTC) + timedelta(hours=sign * period.hours)
    return absolute.astimezone(zone)


def _add_months(wall: datetime, months: int) -> datetime:
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    day = min(wall.day, calendar.monthrange(year, month + 1)[1])
    return wall.replace(year=year, month=month + 1, day=day)


def notation(period: Period) -> str:
    """The period in ISO 8601 notation ("P1M5DT48H"), as messages carry it; a catalogue puts it into words."""
    calendar_part = "".join(f"{n}{unit}" for n, unit in ((period.months, "M"), (period.days, "D")) if n)
    return f"P{calendar_part}" + (f"T{period.hours}H" if period.hours else "")
