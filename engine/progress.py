"""How far a sitting has come, in the form the next step needs: pure, and the same from memory as from the database.

A history only ever grows, so what is true at a position stays true: whoever finds the row at that position may use
what was kept, and whoever has kept nothing reads it again and gets the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.delivery import answers_of
from engine.selection.sitting import Sitting
from engine.sessions import Administered, SessionRow

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Progress:
    """The items shown so far, the last one unanswered, and what this sitting may show at all: a mask over the
    operational items, and bank positions of pretest items."""

    shown: tuple[Administered, ...]
    eligible: Mask
    pretest: tuple[int, ...] = ()

    @property
    def position(self) -> int:
        """The position of the item on screen."""
        return len(self.shown) - 1

    def after(self, answered: Administered) -> "Progress":
        """With the answer to the item on screen."""
        return Progress((*self.shown[:-1], answered), self.eligible, self.pretest)

    def showing(self, following: Administered) -> "Progress":
        """With the next item on screen."""
        return Progress((*self.shown, following), self.eligible, self.pretest)


def sitting_at(session: SessionRow, progress: Progress) -> Sitting:
    """The sitting as selection sees it."""
    positions, categories = answers_of(progress.shown)
    return Sitting(
        session_key=session.uuid.hex,
        items=np.array(positions, dtype=np.intp),
        categories=np.array(categories, dtype=np.intp),
        eligible=progress.eligible,
        seconds=(session.now - session.started_at).total_seconds(),
    )
