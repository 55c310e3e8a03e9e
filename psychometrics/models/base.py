"""What an item's parameters are, and what a response model must be able to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

LISTS = ("thresholds", "steps", "slopes", "intercepts")
SCALARS = ("discrimination", "difficulty", "guessing", "upper")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ItemParameters:
    """Parameters of a bank, one row an item, in logits (D = 1).

    item_id, model: tuples of n_items; n_categories: (n_items,).
    discrimination, difficulty, guessing, upper: (n_items,); difficulty is NaN where the model has thresholds or
    steps, and both are NaN for nrm. thresholds (grm) and steps (pcm, gpcm): (n_items, K_max - 1), slopes and
    intercepts (nrm): (n_items, K_max), padded with NaN.
    """

    item_id: tuple[str, ...]
    model: tuple[str, ...]
    n_categories: NDArray[np.int64]
    discrimination: Array
    difficulty: Array
    guessing: Array
    upper: Array
    thresholds: Array
    steps: Array
    slopes: Array
    intercepts: Array

    def __post_init__(self) -> None:
        n_items = len(self.item_id)
        for name in ("model", "n_categories", *SCALARS, *LISTS):
            if len(getattr(self, name)) != n_items:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries for {n_items} items")

    def __len__(self) -> int:
        return len(self.item_id)

    @property
    def max_categories(self) -> int:
        """The largest number of categories of any item (K_max)."""
        return int(self.n_categories.max(initial=2))

    @classmethod
    def logistic(
        cls,
        discrimination: ArrayLike,
        difficulty: ArrayLike,
        guessing: ArrayLike = 0.0,
        upper: ArrayLike = 1.0,
        item_id: Sequence[str] | None = None,
    ) -> Self:
        """Dichotomous items; the model is the smallest of 2pl, 3pl and 4pl that holds the parameters.

        Arguments broadcast to (n_items,). Raises ValueError on a value that is not finite or a guessing or upper
        asymptote outside 0 <= guessing < upper <= 1.
        """
        given = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (discrimination, difficulty, guessing, upper))
        a, b, c, d = (column.copy() for column in np.broadcast_arrays(*given))
        _check_logistic(a, b, c, d)
        model = np.where(d < 1, "4pl", np.where(c > 0, "3pl", "2pl"))
        names = tuple(item_id) if item_id is not None else tuple(f"item_{i + 1}" for i in range(len(a)))
        return cls(
            item_id=names, model=tuple(str(m) for m in model), n_categories=np.full(len(a), 2, dtype=np.int64),
            discrimination=a, difficulty=b, guessing=c, upper=d, **_empty_lists(len(a), 2),
        )  # fmt: skip

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> Self:
        """Items from dictionaries as they stand under "items" in a calibration document.

        Raises ValueError naming the item whose parameters are absent or not numbers.
        """
        rows = list(records)
        n_categories = np.array([_count_categories(row, place) for place, row in enumerate(rows)], dtype=np.int64)
        widest = int(n_categories.max(initial=2))
        lists = _empty_lists(len(rows), widest)
        for name in LISTS:
            for place, row in enumerate(rows):
                values = row.get(name) or ()
                lists[name][place, : len(values)] = [_number(v, row, name) for v in values]
        scalars = {
            name: np.array([_number(row.get(name), row, name, absent) for row in rows], dtype=np.float64)
            for name, absent in _ABSENT.items()
        }
        items = cls(
            item_id=tuple(str(row["item_id"]) for row in rows), model=tuple(str(row["model"]) for row in rows),
            n_categories=n_categories, **scalars, **lists,
        )  # fmt: skip
        _check_complete(items)
        return items

    def to_records(self) -> list[dict[str, Any]]:
        """One dictionary an item, ready for JSON: no NaN, and only the parameters its model has."""
        return [self._record(place) for place in range(len(self))]

    def _record(self, place: int) -> dict[str, Any]:
        record: dict[str, Any] = {"item_id": self.item_id[place], "model": self.model[place]}
        for name in SCALARS:
            value = float(getattr(self, name)[place])
            record[name] = value if np.isfinite(value) else None
        for name in LISTS:
            row = getattr(self, name)[place]
            values = [float(v) for v in row[np.isfinite(row)]]
            if values or name in ("thresholds", "steps"):
                record[name] = values
        return record

    def take(self, indices: ArrayLike) -> Self:
        """The items at these positions, in this order (a boolean mask works too)."""
        chosen = np.asarray(indices)
        where = np.arange(len(self))[chosen if chosen.size else np.zeros(0, dtype=np.int64)]
        columns = {name: getattr(self, name)[where] for name in ("n_categories", *SCALARS, *LISTS)}
        return type(self)(
            item_id=tuple(self.item_id[i] for i in where), model=tuple(self.model[i] for i in where), **columns
        )


class Model(ABC):
    """A response model in its working parametrisation: linear predictors and logits, unbounded wherever it can be.

    working: (n_items, n_parameters), all items with the same number of categories K; theta: (n_nodes,).
    """

    name: ClassVar[str]
    fixed_slope: ClassVar[bool] = False
    """The slope is 1 by definition and the spread of the population is free (rasch, pcm)."""
    common_slope: ClassVar[bool] = False
    """One slope for all items of the model (1pl)."""
    polytomous: ClassVar[bool] = False

    @abstractmethod
    def parameter_names(self, n_categories: int) -> tuple[str, ...]:
        """Names of the working parameters, in column order."""

    @abstractmethod
    def working(self, items: ItemParameters) -> Array:
        """(n_items, n_parameters) from reported parameters; the items share the model and K."""

    @abstractmethod
    def reported(self, working: Array) -> dict[str, Array]:
        """Columns of `ItemParameters` from working parameters: scalars (n_items,), lists (n_items, K - 1 or K)."""

    @abstractmethod
    def log_probabilities(self, working: Array, theta: Array) -> Array:
        """log P(category | theta): (n_items, K, n_nodes), exact in both tails."""

    @abstractmethod
    def parameter_gradient(self, working: Array, theta: Array) -> Array:
        """Derivatives of the probabilities by each working parameter: (n_items, n_parameters, K, n_nodes)."""

    @abstractmethod
    def theta_gradient(self, working: Array, theta: Array) -> Array:
        """Derivatives of the probabilities by theta: (n_items, K, n_nodes)."""

    def rescaled(self, working: Array, mean: float, sd: float) -> Array:
        """Working parameters of the same items on the scale theta' = (theta - mean) / sd.

        Slopes come first and the intercepts follow; a model whose slopes are more than one column says so itself.
        """
        slope = working[:, :1]
        n_intercepts = working.shape[1] - 1
        weights = self.slope_weights(n_intercepts)
        moved = working.copy()
        moved[:, :1] = slope * sd
        moved[:, 1:] += slope * mean * weights
        return moved

    def slope_weights(self, n_columns: int) -> Array:
        """How often the slope enters the linear predictor of each column after the first (0 for an asymptote)."""
        return np.ones(n_columns)

    def logit_rise(self, n_categories: int) -> Array | None:
        """How fast d(log P_k - log P_0) / d parameter rises with theta, for k = 1 ... K - 1: (K - 1, n_parameters).

        None where the logits are not linear in theta, so that the derivative is not either.
        """
        return None

    def probabilities(self, working: Array, theta: Array) -> Array:
        """P(category | theta): (n_items, K, n_nodes)."""
        return np.asarray(np.exp(self.log_probabilities(working, theta)), dtype=np.float64)


def expit(z: Array) -> Array:
    """1 / (1 + exp(-z)) without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * z), dtype=np.float64)


def log_expit(z: Array) -> Array:
    """log of `expit`, exact where it underflows."""
    return np.asarray(-np.logaddexp(0.0, -z), dtype=np.float64)


def logit(p: Array) -> Array:
    """log(p / (1 - p)), infinite at 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def _empty_lists(n_items: int, widest: int) -> dict[str, Array]:
    width = {"thresholds": widest - 1, "steps": widest - 1, "slopes": widest, "intercepts": widest}
    return {name: np.full((n_items, width[name]), np.nan) for name in LISTS}


def _check_logistic(a: Array, b: Array, c: Array, d: Array) -> None:
    for name, column in (("discrimination", a), ("difficulty", b), ("guessing", c), ("upper", d)):
        if not np.isfinite(column).all():
            raise ValueError(f"{name} of item {int(np.argmin(np.isfinite(column)))} is not a finite number")
    bad = ~((c >= 0) & (c < d) & (d <= 1))
    if bad.any():
        place = int(np.argmax(bad))
        raise ValueError(
            f"item {place}: 0 <= guessing < upper <= 1 must hold, got guessing {c[place]} and upper {d[place]}"
        )


def _count_categories(row: Mapping[str, Any], place: int) -> int:
    for name in ("item_id", "model"):
        if not row.get(name):
            raise ValueError(f"item {place}: {name} is absent")
    lengths = {"thresholds": 1, "steps": 1, "slopes": 0, "intercepts": 0}
    return max([2, *(len(row.get(name) or ()) + extra for name, extra in lengths.items())])


def _number(value: Any, row: Mapping[str, Any], name: str, absent: float = np.nan) -> float:
    if value is None:
        return absent
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"item {row['item_id']}: {name} {value!r} is not a number") from None


_ABSENT = {"discrimination": np.nan, "difficulty": np.nan, "guessing": 0.0, "upper": 1.0}

_NEEDED = {
    "grm": ("discrimination", "thresholds"),
    "gpcm": ("discrimination", "steps"),
    "pcm": ("discrimination", "steps"),
    "nrm": ("slopes", "intercepts"),
}


def _check_complete(items: ItemParameters) -> None:
    for place, (item_id, model) in enumerate(zip(items.item_id, items.model, strict=True)):
        n_categories = int(items.n_categories[place])
        for name in _NEEDED.get(model, ("discrimination", "difficulty", "guessing", "upper")):
            column = getattr(items, name)[place]
            values = column[: n_categories - (name in ("thresholds", "steps"))] if name in LISTS else column
            if not np.isfinite(values).all():
                raise ValueError(f"item {item_id} ({model}): {name} is absent or not a finite number")
        if model == "grm" and np.any(np.diff(items.thresholds[place, : n_categories - 1]) <= 0):
            raise ValueError(f"item {item_id} (grm): thresholds must increase from category to category")
