"""An answer that waits to be taken, and the promise made to its sender."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec

from engine.sessions import Given
from engine.workflows.show_sitting import Step
from itembank.items import ItemContent

Reader = Callable[[ItemContent], Given]
"""How to read what was sent, once the item it answers is known."""


class Promise(Protocol):
    """Made to a sender, and kept once: an asyncio Future, or whatever else tells."""

    def done(self) -> bool:
        """Whether it was kept, or nobody waits for it any more."""

    def set_result(self, step: Step, /) -> object:
        """Keep it."""

    def set_exception(self, error: BaseException, /) -> object:
        """Break it off."""


class Waiting(msgspec.Struct, eq=False):
    """Who answers which sitting, until when by the loop's clock it is worth writing.

    `is_looked_up`: whether the sitting was read for this very answer; then what memory says is not old.
    """

    institution_id: int
    account_id: int
    session_uuid: UUID
    read: Reader
    until: float
    promise: Promise
    is_looked_up: bool = False

    def keep(self, step: Step) -> None:
        """Tell the sender what followed."""
        if not self.promise.done():
            self.promise.set_result(step)

    def break_off(self, error: BaseException) -> None:
        """Tell the sender why nothing followed."""
        if not self.promise.done():
            self.promise.set_exception(error)
