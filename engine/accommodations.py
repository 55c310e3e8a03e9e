"""What a learner is granted so that the test measures the competency and not the disability."""

from typing import Annotated

import msgspec

from itembank.records import Record


class Accommodation(Record, frozen=True, kw_only=True):
    """`extra_time_percent` lengthens limits (50 = half as long again), `untimed` removes it; pauses stop the clock."""

    extra_time_percent: Annotated[int, msgspec.Meta(ge=0, le=400)] = 0
    untimed: bool = False
    pauses: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    pause_minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] = 0
    text_size_percent: Annotated[int, msgspec.Meta(ge=50, le=400)] = 100
    high_contrast: bool = False
    form: str = ""
    notes: str = ""


def time_limit_seconds(limit_minutes: int | None, accommodation: Accommodation) -> int | None:
    """The learner's own limit for a whole sitting; None = no limit. A change during a sitting holds from its start."""
    if limit_minutes is None or accommodation.untimed:
        return None
    return limit_minutes * 60 * (100 + accommodation.extra_time_percent) // 100
