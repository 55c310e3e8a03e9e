"""What follows from answers that wait together, worked out from where their sittings stand; nothing is written here."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from engine.delivery import ShownItem
from engine.errors import EngineError
from engine.policies.records import occasion_of
from engine.pretest import or_pretest
from engine.progress import Progress, sitting_at
from engine.selection.next_item import Estimated, NextItem
from engine.selection.plan import Plan
from engine.selection.together import steps_together
from engine.sessions import SessionRow, check_turn, time_is_up
from engine.storage.answers import Log, Moved, Taken
from engine.workflows.shelf import Publication
from engine.workflows.show_sitting import Step
from engine.workflows.take_session import score_last, shown_item
from engine.workflows.waiting import Waiting
from engine.workflows.work_out_end import Ending
from itembank.errors import BankError


class Place(NamedTuple):
    """Where a sitting stands: its row and its attempt's log as last seen, its publication and plan, its progress."""

    session: SessionRow
    publication: Publication
    plan: Plan
    progress: Progress
    log: Log


class Ready(NamedTuple):
    """An answer worked out: what to write, and the place that it moves on from, with the answer."""

    waiting: Waiting
    moved: Moved
    place: Place


End = tuple[Waiting, Ending]


class WorkedOut(NamedTuple):
    """The answers of a batch by what follows from them; `left` has to be dealt with in another way."""

    ready: list[Ready]
    ending: list[End]
    left: list[Waiting]


def work_out(batch: Iterable[tuple[Waiting, Place | None]]) -> WorkedOut:
    """What follows from each answer; a refusal is told at once."""
    done = WorkedOut([], [], [])
    answered: dict[int, list[tuple[Waiting, Place]]] = {}
    for waiting, place in batch:
        after = None if place is None else _answered(waiting, place)
        if after is not None:
            answered.setdefault(id(after.plan), []).append((waiting, after))
        elif not waiting.promise.done():
            done.left.append(waiting)
    for group in answered.values():
        _go_on(done, group)
    return done


def _answered(waiting: Waiting, place: Place) -> Place | None:
    """The place with the answer scored; None when it was refused, or has to be dealt with otherwise.

    Nothing is refused by what may be old: that is looked up first.
    """
    session, publication, plan, progress, log = place
    if session.account_id != waiting.account_id or not session.on_screen or session.finished_at or time_is_up(session):
        return None
    try:
        given = waiting.read(publication.bank.items[progress.shown[-1].bank_position].content)
        is_odd = given.client_id.int in progress.ids or session.paused_until is not None
        if given.position != session.position or (is_odd and check_turn(session, progress.shown, given) is not None):
            return None
        answered = score_last(publication, progress.shown, given, session.now)
    except (EngineError, BankError) as error:
        if waiting.is_looked_up:
            waiting.break_off(error)
        return None
    return Place(session, publication, plan, progress.after(plan, answered), log)


def _go_on(done: WorkedOut, group: Sequence[tuple[Waiting, Place]]) -> None:
    """The next items, or the ends, of sittings of one plan."""
    plan = group[0][1].plan
    courses = [place.progress.course for _, place in group]
    steps = steps_together(plan, courses, lambda row: sitting_at(group[row][1].session, group[row][1].progress))
    for (waiting, place), step in zip(group, steps, strict=True):
        if isinstance(step.step, NextItem):
            done.ready.append(Ready(waiting, _moved(place, step, step.step), place))
        elif plan.watches_time:
            done.left.append(waiting)
        else:
            ending = Ending(
                session=place.session, publication=place.publication, log=place.log, shown=place.progress.shown,
                reason=step.step.reason,
            )  # fmt: skip
            done.ending.append((waiting, ending))


def _moved(place: Place, step: Estimated, chosen: NextItem) -> Moved:
    session, publication, plan, progress, _ = place
    shown = progress.shown
    seeded = or_pretest(plan.design, publication.bank, session.uuid.hex, shown, progress.pretest, chosen)
    return Moved(
        session_id=session.id, account_id=session.account_id, answered=shown[-1],
        following=shown_item(publication, len(shown), seeded, session.now), theta=step.theta, sem=step.sem,
        moment=session.now if plan.watches_time else None,
    )  # fmt: skip


def place_after(done: Ready, taken: Taken) -> Place:
    """Where the sitting stands once the answer is taken, by the clock of the database."""
    _, moved, (session, publication, plan, progress, log) = done
    answered = msgspec.structs.replace(moved.answered, answered_at=taken.moment)
    following = msgspec.structs.replace(moved.following, shown_at=taken.moment)
    row = msgspec.structs.replace(
        session, position=following.position, theta=moved.theta, sem=moved.sem, deadline=taken.deadline,
        now=taken.moment,
    )  # fmt: skip
    return Place(row, publication, plan, progress.showing(answered, following), log)


def step_at(place: Place) -> Step:
    """What a learner is told who stands there."""
    session, publication, _, progress, _ = place
    following = progress.shown[-1]
    item = publication.bank.items[following.bank_position]
    return Step(
        session=session,
        publication=publication,
        occasion=occasion_of(publication.version.policy, session.occasion),
        item=ShownItem(position=following.position, item=item.key, content=item.content),
    )
