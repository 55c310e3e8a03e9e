"""The score of record: the same bits on every machine, for as long as anybody may ask.

exp, log, BLAS and vectorised sums differ in the last bit from one processor to the next. This module therefore starts
from category probabilities that were computed once, at publication, and stored; it uses + - * / and sqrt, which IEEE
754 defines to the last bit, math.fsum, which rounds once, and powers of two, which do not round. It imports the
standard library alone and reads nothing else of the project, so that the file itself can be handed over as the program
of an appeal.

A table is one item's list of rows, one row a category, one float a node. Nodes are equally spaced.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

Row = Sequence[float]
Table = Sequence[Row]

FLOOR = 2.0**-500
"""Smallest probability a frozen table may hold (about 3e-151). Items under discrimination 28 never come near it on
[-6, 6]; below it two factors could underflow before the product is rescaled."""


LOST = -1000
"""A node this many powers of two below the highest counts as 0, which keeps subnormal numbers out of the sums."""


@dataclass(frozen=True, slots=True)
class RecordedScore:
    """theta and sem in logits, and the posterior (n_nodes,) with its largest value in [0.5, 1), not normalised."""

    theta: float
    sem: float
    posterior: tuple[float, ...]


def freeze_table(probabilities: Sequence[Sequence[float]]) -> list[list[float]]:
    """One item's probabilities (n_categories, n_nodes) as plain floats, none below `FLOOR`: what is stored and hashed.

    Raises ValueError naming the category and node of a value that is not a probability.
    """
    return [
        [_frozen(float(value), category, node) for node, value in enumerate(row)]
        for category, row in enumerate(probabilities)
    ]


def _frozen(value: float, category: int, node: int) -> float:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"category {category}, node {node}: {value} is not a probability between 0 and 1")
    return max(value, FLOOR)


def score_of_record(rows: Sequence[Row], nodes: Row, weights: Row) -> RecordedScore:
    """EAP theta and its posterior standard deviation from the frozen rows of the answers given.

    rows: one row (n_nodes,) for each answer, in the order of the answers: `table[category]`; no answer, no row.
    nodes and weights: (n_nodes,), the prior's, stored with the tables. Bock & Mislevy (1982, APM 6) give the formula.

    Raises ValueError when a row's length differs from the nodes', or nothing of the posterior is left.
    """
    posterior = recorded_posterior(rows, weights)
    if len(nodes) != len(weights):
        raise ValueError(f"there are {len(nodes)} nodes and {len(weights)} weights; they must be as many")
    total = math.fsum(posterior)
    theta = math.fsum([p * x for p, x in zip(posterior, nodes)]) / total
    spread = math.fsum([p * ((x - theta) * (x - theta)) for p, x in zip(posterior, nodes)])
    return RecordedScore(theta, math.sqrt(spread / total), tuple(posterior))


def recorded_posterior(rows: Sequence[Row], weights: Row) -> list[float]:
    """Product of the weights and all rows at each node, scaled by one power of two to a largest value in [0.5, 1).

    The running product keeps an integer exponent a node, taken out exactly (frexp) before it could underflow, so no
    number of answers and no contradiction among them loses a node.
    """
    product = [float(w) for w in weights]
    exponents = [0] * len(product)
    for place, row in enumerate(rows):
        if len(row) != len(product):
            raise ValueError(f"row {place} has {len(row)} values for {len(product)} nodes")
        if min(product) < FLOOR:
            product, exponents = _rescaled(product, exponents)
        product = [p * r for p, r in zip(product, row)]
    return _aligned(*_rescaled(product, exponents))


def probability_above(posterior: Row, nodes: Row, cut_theta: float) -> float:
    """Posterior probability that theta exceeds the cut: 0 to 1.

    The distribution function at the nodes is the trapezoidal sum with two Euler-Maclaurin terms; between two nodes it
    is the quintic with the right values, densities and slopes at both (Hermite). Both errors fall with the sixth power
    of the spacing: below 4e-5 where the posterior's sd is two spacings. posterior need not be normalised.

    Raises ValueError when the nodes are not equally spaced.
    """
    spacing = _spacing(tuple(nodes))
    if cut_theta <= nodes[0]:
        return 1.0
    if cut_theta >= nodes[-1]:
        return 0.0
    cell = bisect_right(nodes, cut_theta) - 1
    t = (cut_theta - nodes[cell]) / spacing
    mass, density, slope = _at_node(posterior, cell)
    mass_next, density_next, slope_next = _at_node(posterior, cell + 1)
    jump = mass_next - mass - density - slope / 2.0
    turn = density_next - density - slope
    bend = (slope_next - slope) / 2.0
    third = 10.0 * jump - 4.0 * turn + bend
    fourth = 7.0 * turn - 15.0 * jump - 2.0 * bend
    fifth = 6.0 * jump - 3.0 * turn + bend
    below = mass + t * (density + t * (slope / 2.0 + t * (third + t * (fourth + t * fifth))))
    return min(1.0, max(0.0, 1.0 - below / math.fsum(posterior)))


def _at_node(posterior: Row, node: int) -> tuple[float, float, float]:
    """Integral up to a node, density and slope there, all in units of the spacing."""
    around = [posterior[place] if 0 <= place < len(posterior) else 0.0 for place in range(node - 2, node + 3)]
    far_left, left, here, right, far_right = around
    near, far = right - left, far_right - far_left
    mass = math.fsum([*posterior[:node], here / 2.0, 11.0 * far / 1440.0, -82.0 * near / 1440.0])
    return mass, here, (8.0 * near - far) / 12.0


@lru_cache(maxsize=64)
def _spacing(nodes: tuple[float, ...]) -> float:
    spacing = (nodes[-1] - nodes[0]) / (len(nodes) - 1)
    gaps = [right - left for left, right in pairwise(nodes)]
    if max(max(gaps) - spacing, spacing - min(gaps)) > 1e-9 * spacing:
        raise ValueError(f"nodes must be equally spaced; two are {max(gaps)} apart, two {min(gaps)}")
    return spacing


def _rescaled(product: list[float], exponents: list[int]) -> tuple[list[float], list[int]]:
    """Every value as a mantissa in [0.5, 1), its power of two moved to the exponents; 0 stays 0."""
    split = [math.frexp(p) for p in product]
    return [m for m, _ in split], [e + more for e, (_, more) in zip(exponents, split)]


def _aligned(mantissas: list[float], exponents: list[int]) -> list[float]:
    """All values with one common exponent, the largest one's."""
    carried = [e for m, e in zip(mantissas, exponents) if m > 0.0]
    if not carried:
        raise ValueError("every node has posterior weight 0; the prior weights and the rows must be positive somewhere")
    top = max(carried)
    return [math.ldexp(m, e - top) if e - top > LOST else 0.0 for m, e in zip(mantissas, exponents)]
