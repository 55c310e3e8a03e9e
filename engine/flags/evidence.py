"""Answers of a bank's sittings as arrays, and what everybody was expected to answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from itembank.records import Record, canonical
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.sequential import Ability, Predictions, fit_population, predict_answers

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

SHORTEST = 0.05
"""Seconds; two answers of one batch may carry the same moment."""
SHIFTS = tuple(step / 4 for step in range(-8, 9))


class Seen(Record, frozen=True, kw_only=True):
    """A finished sitting. `population`: sittings that are expected to be alike, such as one occasion of an
    assessment."""

    id: int
    learner: int
    population: str
    timed: bool = True


class Published(Record, frozen=True, kw_only=True):
    """An item as some published version of the bank counts it: equal entries are one item here."""

    item: int
    competency: str
    parameters: dict[str, Any]


class Answered(Record, frozen=True, kw_only=True):
    """One answer. `published`: None for a pretest item, or one whose scoring was corrected afterwards."""

    sitting: int
    item: int
    published: Published | None
    category: int
    raw: str
    shown_at: datetime
    answered_at: datetime


@dataclass(frozen=True)
class Evidence:
    """Every answer in the order of sittings and positions, as (n_answers,) arrays.

    sitting: place in `sittings`; item: place in `item_ids`; entry: place in `parameters`, -1 for one that does not
    count; option: a number for each raw answer to the item; letter: one that is the same on every item, -1 for one
    left blank; seconds: NaN where nobody took the time; at: seconds since 1970.
    """

    sittings: tuple[Seen, ...]
    item_ids: tuple[int, ...]
    parameters: ItemParameters
    entry_item: Places
    dimension: Places
    correlations: Floats
    sitting: Places
    item: Places
    entry: Places
    category: Places
    option: Places
    letter: Places
    seconds: Floats
    at: Floats

    @cached_property
    def counting(self) -> Places:
        """Where the answers stand that count."""
        return np.flatnonzero(self.entry >= 0)

    @cached_property
    def n_counting(self) -> Places:
        """How many answers of each sitting count."""
        return np.bincount(self.sitting[self.counting], minlength=len(self.sittings))

    @cached_property
    def groups(self) -> tuple["Group", ...]:
        """The populations, each with its sittings and counting answers."""
        names = np.array([one.population for one in self.sittings])
        found = []
        for name in dict.fromkeys(names.tolist()):
            members = np.flatnonzero((names == name) & (self.n_counting > 0))
            if members.size:
                place = np.full(len(names), -1)
                place[members] = np.arange(len(members))
                answers = self.counting[place[self.sitting[self.counting]] >= 0]
                found.append(_group(self, members, answers, place[self.sitting[answers]]))
        return tuple(found)

    @cached_property
    def theta(self) -> Floats:
        """Ability in the competency of every counting answer, estimated from the whole sitting; NaN elsewhere."""
        theta = np.full(len(self.entry), np.nan)
        for group in self.groups:
            own = self.dimension[self.entry[group.answers]]
            theta[group.answers] = group.predictions.theta[group.person, own]
        return theta

    @cached_property
    def tables(self) -> Floats:
        """Probability of every category at that ability, (n_answers, n_categories); 0 for answers that do not count."""
        found = np.zeros((len(self.entry), self.parameters.max_categories))
        order = self.counting[np.argsort(self.entry[self.counting], kind="stable")]
        entries, starts = np.unique(self.entry[order], return_index=True)
        for entry, answers in zip(entries.tolist(), np.split(order, starts[1:])):
            found[answers] = _table(self.parameters, entry, self.theta[answers], found.shape[1])
        return found


@dataclass(frozen=True)
class Group:
    """One population: places of its sittings, of its counting answers, and whose each answer is (0 to n - 1)."""

    members: Places
    answers: Places
    person: Places
    population: Ability
    predictions: Predictions


def _table(parameters: ItemParameters, entry: int, theta: Floats, width: int) -> Floats:
    table = probabilities(parameters.take([entry]), theta)[0].T
    return np.pad(table, ((0, 0), (0, width - table.shape[1])))


def _group(evidence: Evidence, members: Places, answers: Places, person: Places) -> Group:
    given = (person, evidence.entry[answers], evidence.category[answers])
    population = fit_population(evidence.parameters, evidence.dimension, evidence.correlations, *given)
    predictions = predict_answers(evidence.parameters, evidence.dimension, population, *given, shifts=SHIFTS)
    return Group(members, answers, person, population, predictions)


def gather(
    sittings: Sequence[Seen], answers: Sequence[Answered], competencies: Sequence[str], correlations: Floats
) -> Evidence | None:
    """Arrays from rows, which come by sitting and position; None where no answer counts."""
    entries: dict[bytes, int] = {}
    published: list[Published] = []
    entry = np.full(len(answers), -1, dtype=np.int64)
    remembered: dict[int, int] = {}
    for place, answer in enumerate(answers):
        if answer.published is not None:
            known = remembered.get(id(answer.published))
            if known is None:
                known = entries.setdefault(canonical(answer.published), len(entries))
                remembered[id(answer.published)] = known
                if known == len(published):
                    published.append(answer.published)
            entry[place] = known
    if not published:
        return None
    of_sitting = {one.id: place for place, one in enumerate(sittings)}
    item_ids = tuple(dict.fromkeys(answer.item for answer in answers))
    of_item = {item: place for place, item in enumerate(item_ids)}
    options: dict[tuple[int, str], int] = {}
    letters: dict[tuple[str, ...], int] = {}
    given = [_values(answer.raw) for answer in answers]
    timed = np.array([sittings[of_sitting[answer.sitting]].timed for answer in answers])
    seconds = np.array([(answer.answered_at - answer.shown_at).total_seconds() for answer in answers])
    return Evidence(
        sittings=tuple(sittings), item_ids=item_ids,
        parameters=ItemParameters.from_records([one.parameters for one in published]),
        entry_item=np.array([of_item[one.item] for one in published], dtype=np.int64),
        dimension=np.array([competencies.index(one.competency) for one in published], dtype=np.int64),
        correlations=correlations,
        sitting=np.array([of_sitting[answer.sitting] for answer in answers], dtype=np.int64),
        item=np.array([of_item[answer.item] for answer in answers], dtype=np.int64), entry=entry,
        category=np.array([answer.category for answer in answers], dtype=np.int64),
        option=np.array([options.setdefault((answer.item, answer.raw), len(options)) for answer in answers]),
        letter=np.array([-1 if _is_blank(values) else letters.setdefault(values, len(letters)) for values in given]),
        seconds=np.where(timed, np.maximum(seconds, SHORTEST), np.nan),
        at=np.array([answer.answered_at.timestamp() for answer in answers]),
    )  # fmt: skip


def _values(raw: str) -> tuple[str, ...]:
    """The values of a raw answer without the names of its places, which differ from item to item."""
    answer: dict[str, list[str]] | None = msgspec.json.decode(raw)
    return tuple(value for values in (answer or {}).values() for value in values)


def _is_blank(values: tuple[str, ...]) -> bool:
    return not any(value.strip() for value in values)
