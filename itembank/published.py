"""Freezing a bank: the items that may be shown, their parameters, and tables of category probabilities over theta.

The tables are computed once, here; every score of record reads them and nothing else, because exp and log differ in
the last bit from one processor to the next (docs/methods/score-of-record.md).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from itembank.errors import BankError
from itembank.records import canonical, digest
from psychometrics.ability.record import freeze_table
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import normal_grid

NODES = np.linspace(-6.0, 6.0, 121)
"""The grid of record: 121 equally spaced nodes on [−6, 6], in logits."""


def freeze_grid() -> bytes:
    """Nodes and the standard normal prior's weights, little-endian float64 (2 × 121): part of what is hashed."""
    grid = normal_grid(len(NODES), float(NODES[0]), float(NODES[-1]))
    return np.stack([grid.nodes, grid.weights]).astype("<f8").tobytes()


def thaw_grid(frozen: bytes) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Nodes and prior weights, exactly as stored."""
    nodes, weights = np.frombuffer(frozen, dtype="<f8").reshape(2, -1)
    return tuple(nodes.tolist()), tuple(weights.tolist())


class NotPublishable(BankError):
    """The bank cannot be published as it is; the message names what is missing."""


def freeze_tables(parameters: Sequence[dict[str, Any]]) -> list[bytes]:
    """Little-endian float64 tables (n_categories × n_nodes), one an item, of calibration records.

    Raises:
        NotPublishable: naming the item whose parameters give no probabilities.
    """
    items = ItemParameters.from_records(parameters)
    table = probabilities(items, NODES)
    frozen = []
    for place, item_id in enumerate(items.item_id):
        rows = table[place, : items.n_categories[place]]
        if not np.isfinite(rows).all():
            raise NotPublishable(f"Item {item_id} has parameters that give no probabilities; calibrate it again.")
        frozen.append(np.array(freeze_table(rows.tolist()), dtype="<f8").tobytes())
    return frozen


def thaw_table(frozen: bytes) -> tuple[tuple[float, ...], ...]:
    """The table of one item, n_categories rows of n_nodes, exactly as stored."""
    return tuple(tuple(row) for row in np.frombuffer(frozen, dtype="<f8").reshape(-1, len(NODES)).tolist())


def parameter_hash(records: Iterable[dict[str, Any]]) -> str:
    """SHA-256 over parameter records in the order of their item ids."""
    return digest(*(canonical(record) for record in sorted(records, key=lambda record: str(record["item_id"]))))


def table_hash(grid: bytes, tables: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over the grid and each item's table, in the order of the item ids."""
    return digest(grid, *(part for item_id, table in sorted(tables) for part in (item_id.encode(), table)))
