"""Persons who answered exactly the same items: within such a form a summed score means the same for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from psychometrics.arrays import MISSING


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Positions of the items (n_form_items,), and of the persons (n_form_persons,) who answered them and no other."""

    items: NDArray[np.int64]
    persons: NDArray[np.int64]


def form_of_person(responses: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number of the form of each person, (n_persons,), and which items each form has, (n_forms, n_items)."""
    packed = np.packbits(responses != MISSING, axis=1)
    distinct, number = np.unique(packed, axis=0, return_inverse=True)
    has = np.unpackbits(distinct, axis=1, count=responses.shape[1]).astype(bool)
    return number.reshape(-1).astype(np.int64), has


def forms(responses: NDArray[np.int8], min_persons: int) -> Iterator[Form]:
    """Forms of two items and more answered by at least min_persons; the complete form however few answered it."""
    number, has = form_of_person(responses)
    order = np.argsort(number, kind="stable")
    for which, persons in enumerate(np.split(order, np.searchsorted(number[order], np.arange(1, len(has))))):
        n_items = int(has[which].sum())
        if n_items >= 2 and (persons.size >= min_persons or n_items == has.shape[1]):
            yield Form(np.flatnonzero(has[which]), persons)
