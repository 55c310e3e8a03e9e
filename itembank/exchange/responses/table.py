"""The answers of a file as arrays: who, what, which category, and what was found on the way."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from itembank.errors import FileRefused
from itembank.exchange.findings import Problem
from itembank.records import Record

MISSING = -1
DENSE_CELLS = 2_000_000_000
"""Up to so many cells (bytes) the matrix is kept dense; beyond, only the answers given are kept."""


class ResponseReport(Record, frozen=True, kw_only=True):
    """Counts that add up and everything skipped: n_persons × n_items = n_responses + n_missing."""

    file: str
    shape: str
    n_persons: int
    n_items: int
    n_responses: int
    n_missing: int
    n_skipped: int = 0
    skipped: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Triplets:
    """Only the answers given, ordered by person then item: three arrays of shape (n_responses,)."""

    person: NDArray[np.int32]
    item: NDArray[np.int32]
    category: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class ResponseTable:
    """Answers of persons to items.

    Attributes:
        person_ids: (n_persons,) in the order of the file.
        item_ids: (n_items,) in the order of the items file, else of the response file.
        matrix: int8 (n_persons, n_items), MISSING = -1; None when too large to be dense (then `sparse` is given).
        covariates: name -> one text per person ("" = not given).
        groups: one group name per person, when a group column was named.
        seconds: float32 response times in the layout of the answers, when the file has `rt`; NaN = not given.
    """

    person_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    matrix: NDArray[np.int8] | None
    report: ResponseReport
    sparse: Triplets | None = None
    covariates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    groups: tuple[str, ...] | None = None
    seconds: NDArray[np.float32] | None = None

    @property
    def responses(self) -> NDArray[np.int8]:
        """The dense matrix (n_persons, n_items).

        Raises:
            FileRefused: when it would not fit into memory; use `triplets()` there.
        """
        if self.matrix is None:
            raise FileRefused(
                f"{self.report.file}: {len(self.person_ids)} persons × {len(self.item_ids)} items are too many for a "
                "dense matrix; work on the triplets of answers given."
            )
        return self.matrix

    def triplets(self) -> Triplets:
        """Only the answers given, ordered by person then item."""
        if self.sparse is not None:
            return self.sparse
        person, item = np.nonzero(self.responses >= 0)
        return Triplets(person.astype(np.int32), item.astype(np.int32), self.responses[person, item])
