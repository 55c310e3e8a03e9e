"""How far a sitting has come, in the form the next step needs: pure, and the same from memory as from the database.

A history only ever grows, so what is true at a position stays true: whoever finds the row at that position may use
what was kept, and whoever has kept nothing reads it again and gets the same.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.delivery import answers_of
from engine.selection.course import Course, course_of
from engine.selection.next_item import goes_by_course
from engine.selection.plan import Plan
from engine.selection.sitting import Sitting
from engine.sessions import Administered, SessionRow

Mask = NDArray[np.bool_]


class Progress(msgspec.Struct, frozen=True, eq=False):
    """The items shown so far, the last one unanswered, and what this sitting may show at all: a mask over the
    operational items, and bank positions of pretest items.

    given, categories: bank positions and categories of the answers that count. course: what selection made of them.
    ids: the clients' ids of all answers, as numbers.
    """

    shown: tuple[Administered, ...]
    eligible: Mask
    pretest: tuple[int, ...] = ()
    given: tuple[int, ...] = ()
    categories: tuple[int, ...] = ()
    course: Course | None = None
    ids: tuple[int, ...] = ()

    @property
    def position(self) -> int:
        """The position of the item on screen."""
        return len(self.shown) - 1

    def after(self, plan: Plan, answered: Administered) -> "Progress":
        """With the answer to the item on screen."""
        shown = (*self.shown[:-1], answered)
        ids = self.ids if answered.client_id is None else (*self.ids, answered.client_id.int)
        if answered.is_pretest or answered.category is None:
            return Progress(shown, self.eligible, self.pretest, self.given, self.categories, self.course, ids)
        place, category = answered.bank_position, answered.category
        course = None if self.course is None else self.course.after(plan, place, category)
        given, categories = (*self.given, place), (*self.categories, category)
        return Progress(shown, self.eligible, self.pretest, given, categories, course, ids)

    def showing(self, answered: Administered, following: Administered) -> "Progress":
        """With the last answer as it was written and the next item on screen."""
        shown = (*self.shown[:-1], answered, following)
        return Progress(shown, self.eligible, self.pretest, self.given, self.categories, self.course, self.ids)


def progress_of(
    plan: Plan, session: SessionRow, shown: tuple[Administered, ...], eligible: Mask, pretest: tuple[int, ...]
) -> Progress:
    """The progress that a sitting's history tells."""
    given, categories = answers_of(shown)
    ids = tuple(item.client_id.int for item in shown if item.client_id is not None)
    progress = Progress(shown, eligible, pretest, tuple(given), tuple(categories), None, ids)
    if not goes_by_course(plan):
        return progress
    return msgspec.structs.replace(progress, course=course_of(plan, sitting_at(session, progress)))


def sitting_at(session: SessionRow, progress: Progress) -> Sitting:
    """The sitting as selection sees it."""
    return Sitting(
        session_key=session.uuid.hex,
        items=np.array(progress.given, dtype=np.intp),
        categories=np.array(progress.categories, dtype=np.intp),
        eligible=progress.eligible,
        seconds=(session.now - session.started_at).total_seconds(),
    )
