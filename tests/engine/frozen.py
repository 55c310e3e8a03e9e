"""A published bank for tests of the engine, frozen as a publication freezes it, without a database."""

from __future__ import annotations

import numpy as np

from engine.frozen_bank import FrozenBank
from itembank.exchange.item_forms import choice_item
from itembank.items import Item, ItemFacts
from psychometrics.ability.record import freeze_table
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from psychometrics.quadrature import normal_grid


def frozen_bank(competencies: tuple[str, ...] = ("add", "take"), each: int = 20, seed: int = 1) -> FrozenBank:
    """A bank of 2PL items, `each` of every competency."""
    rng = np.random.default_rng(seed)
    keys = [f"{name}-{number:02d}" for name in competencies for number in range(each)]
    owner = tuple(name for name in competencies for _ in range(each))
    parameters = ItemParameters.logistic(
        rng.lognormal(0.0, 0.3, len(keys)), rng.normal(0.0, 1.0, len(keys)), item_id=keys
    )
    grid = normal_grid(61)
    tables = tuple(freeze_table(table) for table in probabilities(parameters, grid.nodes))
    return FrozenBank(
        version_id=1, version_uuid="v", key="sums", number=1, parameter_version="p",
        items=tuple(_item(key, name) for key, name in zip(keys, owner, strict=True)),
        item_ids=tuple(range(101, 101 + len(keys))), pretest=(False,) * len(keys), competency=owner,
        parameters=parameters, tables=tables,
        grid=(tuple(float(x) for x in grid.nodes), tuple(float(w) for w in grid.weights)),
        dimensions=(), correlations=(),
    )  # fmt: skip


def _item(key: str, competency: str) -> Item:
    formed = choice_item(f"Question {key}", ("a", "b"), {"A": 1.0})
    return Item(key=key, content=formed.content, scoring=formed.scoring, facts=ItemFacts(competencies=(competency,)))
