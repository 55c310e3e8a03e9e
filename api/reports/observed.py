"""What was observed beside an item's curve: persons in groups by theta, and how each group did on the item.

Groups are by theta from all the person's answers, the item's own among them, so points lie a little close to the curve
in short tests; they show shape, not a test of fit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from api.charts import Dots
from api.charts.scales import BINS
from itembank.records import Record
from psychometrics import estimate_ability
from psychometrics.models.base import ItemParameters

N_GROUPS = 10
FEWEST_IN_GROUP = 5
DIGITS = 4
Floats = NDArray[np.float64]


class Group(Record, frozen=True, kw_only=True):
    """`n` persons of about this theta and the mean share of the item's points that they got."""

    theta: float
    share: float
    n: int


def grouped(theta: ArrayLike, category: ArrayLike, most: int) -> tuple[Group, ...]:
    """Up to ten groups of equal size by theta, none smaller than five persons; none at all below five.

    Args:
        theta: (n_persons,) in logits.
        category: (n_persons,) from 0 to `most`.
    """
    abilities, categories = np.asarray(theta, dtype=float), np.asarray(category, dtype=float)
    ordered = np.argsort(abilities, kind="stable")
    n_groups = min(N_GROUPS, len(ordered) // FEWEST_IN_GROUP)
    return tuple(
        Group(theta=float(abilities[part].mean()), share=float(categories[part].mean()) / most, n=len(part))
        for part in (np.array_split(ordered, n_groups) if n_groups else ())
    )


def as_dots(name: str, groups: Sequence[Group], *, hollow: bool = False) -> Dots:
    """Points of a chart, the larger the more persons."""
    return Dots(
        name=name, x=[one.theta for one in groups], y=[one.share for one in groups], n=[one.n for one in groups],
        size=[3.0 + 3.0 * min(one.n / 200.0, 1.0) for one in groups], hollow=hollow,
    )  # fmt: skip


class Observed:
    """Answers beside the parameters: each person's theta by competency, and how groups of persons did on an item."""

    def __init__(self, items: ItemParameters, responses: NDArray[np.int8], dimension: Sequence[str]) -> None:
        self.items, self.responses, self.dimension = items, responses, dimension
        self.theta: dict[str, Floats] = {}
        for name in dict.fromkeys(dimension):
            own = [place for place, other in enumerate(dimension) if other == name]
            answered = (responses[:, own] >= 0).any(axis=1)
            theta = np.full(len(responses), np.nan)
            theta[answered] = estimate_ability(responses[answered][:, own], items.take(own)).theta
            self.theta[name] = theta

    def groups(self, place: int) -> tuple[Group, ...]:
        """How groups of persons did on one item."""
        own, theta = self.responses[:, place], self.theta[self.dimension[place]]
        there = (own >= 0) & np.isfinite(theta)
        return grouped(theta[there], own[there], int(self.items.n_categories[place]) - 1)

    def density(self) -> list[float]:
        """Share of persons in each bin of the Wright map, over all competencies."""
        every = np.concatenate(list(self.theta.values()))
        counts = np.histogram(np.clip(every[np.isfinite(every)], -3.99, 3.99), BINS)[0]
        return [float(count) / max(int(counts.sum()), 1) for count in counts]


def written_down(document: Mapping[str, Any], responses: NDArray[np.int8]) -> dict[str, list[list[float]]]:
    """The groups of every item of a calibration document, to be kept in it as `observed`; see `read_back`.

    Args:
        responses: the answers it rests on, (n_persons, n_items) in the order of its items.
    """
    items = ItemParameters.from_records(document["items"])
    observed = Observed(items, responses, dimensions_of(document))
    return {
        item_id: [[round(one.theta, DIGITS), round(one.share, DIGITS), one.n] for one in observed.groups(place)]
        for place, item_id in enumerate(items.item_id)
    }


def read_back(document: Mapping[str, Any], item_id: str) -> tuple[Group, ...]:
    """The groups that were kept with a calibration; none where it kept none."""
    kept = (document.get("observed") or {}).get(item_id, ())
    return tuple(Group(theta=theta, share=share, n=int(n)) for theta, share, n in kept)


def dimensions_of(document: Mapping[str, Any]) -> list[str]:
    """The ability of each item; one for all unless several were estimated."""
    if not document.get("dimensions"):
        return [""] * len(document["items"])
    return [str(record.get("competency") or "") for record in document["items"]]
