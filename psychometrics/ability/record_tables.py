"""The posterior of record from all tables of a bank at once: the bits of `record`, at a seventh of its time.

Products of single floats and splitting off powers of two (frexp, ldexp) are exact to the last bit under IEEE 754, one
element at a time, on every processor; sums are taken of integers alone. `record` stays the program of an appeal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.ability.record import LOST, Row, Table

Floats = NDArray[np.float64]
Exponents = NDArray[np.int64]

AT_ONCE = 512
"""Factors of at least 1/2 multiplied before their powers of two are split off again: far above the underflow."""


@dataclass(frozen=True, slots=True)
class RecordTables:
    """Mantissas in [0.5, 1) and exponents of the frozen tables (n_items, K, n_nodes) and of the weights (n_nodes,)."""

    mantissas: Floats
    exponents: Exponents
    weights: tuple[Floats, Exponents]

    def posterior(self, items: Sequence[int], categories: Sequence[int]) -> list[float]:
        """What `record.recorded_posterior` says of these answers, in their order: (n_nodes,), the same bits.

        Raises ValueError when nothing of the posterior is left.
        """
        product, exponent = self.weights
        for start in range(0, len(items), AT_ONCE):
            where = list(items[start : start + AT_ONCE]), list(categories[start : start + AT_ONCE])
            for factor in self.mantissas[where]:
                product = product * factor
            product, more = np.frexp(product)
            exponent = exponent + np.add.reduce(self.exponents[where], axis=0) + more
        above = product > 0.0
        if not above.any():
            raise ValueError("every node has posterior weight 0; the prior weights must be positive somewhere")
        shift = np.maximum(exponent - exponent[above].max(), LOST)
        scaled: list[float] = np.where(shift > LOST, np.ldexp(product, shift), 0.0).tolist()
        return scaled


def record_tables(tables: Sequence[Table], weights: Row) -> RecordTables:
    """The tables of a bank, items in order, each (n_categories, n_nodes); items of fewer categories are padded."""
    most = max((len(table) for table in tables), default=0)
    filled = np.ones((len(tables), most, len(weights)))
    for place, table in enumerate(tables):
        filled[place, : len(table)] = table
    mantissas, exponents = np.frexp(filled)
    own, powers = np.frexp(np.array(weights, dtype=np.float64))
    return RecordTables(mantissas, exponents.astype(np.int64), (own, powers.astype(np.int64)))
