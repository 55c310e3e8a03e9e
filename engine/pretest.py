"""Pretest items in a sitting: which questions are seeded and with what, so that nobody can tell them from the others.

Places and items are drawn by a keyed hash of the sitting, so a replay draws them again. A seeded question takes no
other's place: the operational items, their order, the rules that stop and the score are those of a sitting without it.
"""

from collections.abc import Sequence

import numpy as np

from engine.designs import Design
from engine.frozen_bank import FrozenBank
from engine.selection.next_item import NextItem
from engine.selection.ties import hashes, key_of, keys_of
from engine.sessions import Administered

PLACES, ITEMS = -101, -102
"""Draws that belong to the sitting as a whole, told apart from those of other rules."""


def pretest_places(design: Design, session_key: str) -> frozenset[int]:
    """Positions (0 = the first question) at which the sitting shows a pretest item."""
    wanted = design.pretest
    if not wanted.items:
        return frozenset()
    last = wanted.last_position or design.shortest + wanted.items - 1
    places = range(wanted.first_position - 1, last)
    lots = hashes(_key(session_key), PLACES, np.array(places, dtype=np.uint64))
    return frozenset(places[place] for place in np.argsort(lots, kind="stable")[: wanted.items].tolist())


def pretest_items(bank: FrozenBank, seen: set[int], pool: Sequence[int] | None) -> tuple[int, ...]:
    """Bank positions of the pretest items that a learner may get: those of the sitting's pool where it has one."""
    inside = None if pool is None else set(pool)
    return tuple(
        place for place in bank.seedable if bank.item_ids[place] not in seen and (inside is None or place in inside)
    )


def or_pretest(
    design: Design,
    bank: FrozenBank,
    session_key: str,
    shown: Sequence[Administered],
    candidates: Sequence[int],
    chosen: NextItem,
) -> NextItem:
    """The pretest item that is due at this question, else the chosen operational one, which then comes later."""
    if len(shown) not in pretest_places(design, session_key):
        return chosen
    free = _free(bank, {item.bank_position for item in shown}, candidates)
    if not free:
        return chosen
    lots = hashes(_key(session_key), ITEMS, keys_of(tuple(bank.items[place].key for place in free)))
    return NextItem(free[int(lots.argmin())])


def _free(bank: FrozenBank, shown: set[int], candidates: Sequence[int]) -> list[int]:
    """Candidates not shown yet that no pretest item shown before is an enemy of."""
    before = [bank.items[place] for place in shown if bank.pretest[place]]
    keys = {item.key for item in before}
    named = {enemy for item in before for enemy in item.facts.enemies}
    return [
        place
        for place in candidates
        if place not in shown
        and bank.items[place].key not in named
        and keys.isdisjoint(bank.items[place].facts.enemies)
    ]


def _key(session_key: str) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array([key_of(session_key)], dtype=np.uint64)
