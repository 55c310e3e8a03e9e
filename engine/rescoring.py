"""Withdrawing or re-keying an item after people have answered it: who is affected and what follows.

`preview` changes nothing. `apply` gives the events that write the same result into the logs. Hold-harmless keeps, for
every learner, the better of the two decisions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from engine.decisions import Decision
from engine.events import SittingRescored
from engine.periods import Moment
from engine.sessions import Administered
from itembank.items import ItemScoring
from itembank.records import Record
from itembank.scoring import score


class Override(Record, frozen=True, kw_only=True):
    """How an item counts from now on: not at all, or by another key. Item versions themselves never change."""

    item_id: int
    kind: Literal["withdraw", "rekey"]
    scoring: ItemScoring | None = None
    hold_harmless: bool = False


def overridden(shown: Sequence[Administered], overrides: Sequence[Override]) -> list[Administered]:
    """What was shown, each answer as it counts under the overrides, the latest last.

    An answer that was erased with its learner cannot be read again and keeps its category under a new key.
    """
    latest = {override.item_id: override for override in overrides}
    return [_counting(item, latest.get(item.item_id)) for item in shown]


def _counting(item: Administered, override: Override | None) -> Administered:
    if override is None or item.category is None:
        return item
    if override.scoring is None:
        return replace(item, category=None)
    if item.answer is None:
        return item
    return replace(item, category=score(override.scoring, item.answer).category)


def keeps(before: Decision, after: Decision, hold_harmless: bool) -> bool:
    """Whether the decision made before stands because the one after would be worse for the learner."""
    return hold_harmless and (before.passed, before.percent) > (after.passed, after.percent)


class ScoredAnswer(Record, frozen=True, kw_only=True):
    """An answer as it was scored; `category` None is not administered for the score."""

    item: str
    category: int | None


class ScoredSitting(Record, frozen=True, kw_only=True):
    """A finished sitting with its decision, whether credit rests on it, and whether another would carry the credit."""

    sitting: str
    learner: str
    occasion: str
    answers: tuple[ScoredAnswer, ...]
    decision: Decision
    credited: bool = False
    otherwise: bool = False


class Correction(Record, frozen=True, kw_only=True):
    """`withdraw`: the item's answers no longer count. `rekey`: they count by `categories`, sitting → new category."""

    item: str
    kind: Literal["withdraw", "rekey"]
    reason: str
    categories: dict[str, int] = {}


class Rescored(Record, frozen=True, kw_only=True):
    """One affected sitting: the decision before, the one that would come, the one that will stand."""

    sitting: str
    learner: str
    before: Decision
    after: Decision
    stands: Decision
    credited: bool
    outcome: Literal["same", "now_passes", "no_longer_passes", "held_harmless"]
    credential: Literal["", "issue", "revoke", "replace"]


class Preview(Record, frozen=True, kw_only=True):
    """What a correction does, before anything is written."""

    correction: Correction
    hold_harmless: bool
    n_sittings: int
    affected: tuple[Rescored, ...]

    def count(self, outcome: str) -> int:
        """How many affected sittings have this outcome."""
        return sum(1 for rescored in self.affected if rescored.outcome == outcome)


Decide = Callable[[ScoredSitting, tuple[ScoredAnswer, ...]], Decision]
"""The decision of record for a sitting's answers: the same function that decided in the first place."""


def corrected(sitting: ScoredSitting, correction: Correction) -> tuple[ScoredAnswer, ...]:
    """The answers after the correction.

    Raises:
        ValueError: when a re-key says nothing about a sitting that answered the item.
    """
    return tuple(_answers(sitting, correction))


def _answers(sitting: ScoredSitting, correction: Correction) -> Iterator[ScoredAnswer]:
    for answer in sitting.answers:
        if answer.item != correction.item:
            yield answer
        elif correction.kind == "rekey" and answer.category is not None:
            if sitting.sitting not in correction.categories:
                raise ValueError(
                    f"categories: sitting '{sitting.sitting}' answered item '{correction.item}' "
                    "but has no new category; score its answer by the new key."
                )
            yield ScoredAnswer(item=answer.item, category=correction.categories[sitting.sitting])


def preview(
    sittings: Sequence[ScoredSitting], correction: Correction, decide: Decide, *, hold_harmless: bool
) -> Preview:
    """Who is affected and how; nothing is written."""
    touched = [s for s in sittings if any(a.item == correction.item and a.category is not None for a in s.answers)]
    affected = tuple(_rescored(sitting, correction, decide, hold_harmless) for sitting in touched)
    changed = tuple(rescored for rescored in affected if rescored.after != rescored.before)
    return Preview(correction=correction, hold_harmless=hold_harmless, n_sittings=len(sittings), affected=changed)


def _rescored(sitting: ScoredSitting, correction: Correction, decide: Decide, hold_harmless: bool) -> Rescored:
    before, after = sitting.decision, decide(sitting, corrected(sitting, correction))
    held = keeps(before, after, hold_harmless)
    stands = before if held else after
    outcome: Literal["same", "now_passes", "no_longer_passes", "held_harmless"] = "same"
    if held:
        outcome = "held_harmless"
    elif after.passed != before.passed:
        outcome = "now_passes" if after.passed else "no_longer_passes"
    return Rescored(
        sitting=sitting.sitting, learner=sitting.learner, before=before, after=after, stands=stands,
        credited=sitting.credited, outcome=outcome, credential=_credential(sitting, stands),
    )  # fmt: skip


def _credential(sitting: ScoredSitting, stands: Decision) -> Literal["", "issue", "revoke", "replace"]:
    """What happens to the credential: it states the score, so another score means another credential."""
    if sitting.credited and not stands.passed:
        return "replace" if sitting.otherwise else "revoke"
    if sitting.credited and stands != sitting.decision:
        return "replace"
    return "issue" if stands.passed and not sitting.decision.passed and not sitting.credited else ""


def apply(previewed: Preview, now: Moment) -> Mapping[str, SittingRescored]:
    """The event for each sitting whose decision changes; those held harmless keep their log as it is."""
    return {
        rescored.sitting: SittingRescored(
            at=now, sitting=rescored.sitting, decision=rescored.stands, reason=previewed.correction.reason
        )
        for rescored in previewed.affected
        if rescored.stands != rescored.before
    }
