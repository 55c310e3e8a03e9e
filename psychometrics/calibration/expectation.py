"""The E-step: what a block of persons contributes, given the parameters (Bock & Aitkin 1981, Psychometrika 46).

`expect` is a pure function of a block and the tables, so any executor may map it over blocks. Products run in
float32; what is summed over blocks is float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychometrics.models.base import Array

SMALLEST_LOG = -80.0
"""exp of less is a denormal float32, which is nothing to a posterior and a hundred cycles to a processor."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Persons of one group.

    columns: indicators of answers, dense (n_columns, n_persons) or sparse CSR (n_persons, n_columns);
    weights: how many persons each stands for, or None when each stands for one.
    """

    columns: Any
    group: int
    weights: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Parameters as an E-step needs them: answers (n_columns, n_nodes) and populations (n_groups, n_nodes), in logs."""

    answers: Array
    populations: Array


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """counts (n_columns, n_nodes) of answers, mass (n_groups, n_nodes) of persons, and the marginal log-likelihood."""

    counts: Array
    mass: Array
    log_likelihood: float


Mapper = Callable[..., Sequence[Any]]


def expect(block: Block, tables: Tables, exact: bool = False) -> Expected:
    """Expected counts of a block; `exact` computes in float64."""
    kind = np.float64 if exact else np.float32
    posterior, log_likelihood = _dense(block, tables, kind) if _is_dense(block) else _sparse(block, tables, kind)
    if block.weights is not None:
        posterior *= block.weights.astype(kind) if _is_dense(block) else block.weights.astype(kind)[:, None]
    if _is_dense(block):
        counts = np.asarray(block.columns, dtype=kind) @ posterior.T
        mass = posterior.sum(axis=1, dtype=np.float64)
    else:
        counts = block.columns.T @ posterior
        mass = posterior.sum(axis=0, dtype=np.float64)
    masses = np.zeros(tables.populations.shape)
    masses[block.group] = mass
    return Expected(counts.astype(np.float64), masses, log_likelihood)


def expect_exactly(block: Block, tables: Tables) -> Expected:
    """`expect` in float64 throughout: for the figures that are reported."""
    return expect(block, tables, exact=True)


def posterior_masses(block: Block, tables: Tables) -> tuple[NDArray[np.float32], Array]:
    """Posterior (n_nodes, n_persons) in float32 and log-likelihood of each person."""
    if _is_dense(block):
        joint = np.ascontiguousarray(tables.answers.T, dtype=np.float32) @ np.asarray(block.columns, dtype=np.float32)
    else:
        joint = np.ascontiguousarray((block.columns @ tables.answers.astype(np.float32)).T)
    return _normalised(joint, tables.populations[block.group])


def _is_dense(block: Block) -> bool:
    return isinstance(block.columns, np.ndarray)


def _dense(block: Block, tables: Tables, kind: Any) -> tuple[Any, float]:
    """Nodes run down and persons across, so that every reduction over nodes is a sum of long rows."""
    joint = np.ascontiguousarray(tables.answers.T, dtype=kind) @ np.asarray(block.columns, dtype=kind)
    posterior, logs = _normalised(joint, tables.populations[block.group])
    return posterior, _total(logs, block.weights)


def _normalised(joint: NDArray[Any], population: Array) -> tuple[NDArray[Any], Array]:
    """Posterior from log P(answers | node) (n_nodes, n_persons), in place, and the log-likelihoods."""
    joint += population.astype(joint.dtype)[:, None]
    top = joint.max(axis=0)
    joint -= top
    np.maximum(joint, SMALLEST_LOG, out=joint)
    np.exp(joint, out=joint)
    total = joint.sum(axis=0)
    joint /= total
    return joint, np.asarray(np.log(total, dtype=np.float64) + top)


def _sparse(block: Block, tables: Tables, kind: Any) -> tuple[Any, float]:
    joint = block.columns.astype(kind, copy=False) @ tables.answers.astype(kind)
    joint += tables.populations[block.group].astype(kind)
    top = joint.max(axis=1)
    joint -= top[:, None]
    np.maximum(joint, SMALLEST_LOG, out=joint)
    np.exp(joint, out=joint)
    total = joint @ np.ones(joint.shape[1], dtype=kind)
    joint /= total[:, None]
    return joint, _total(np.log(total, dtype=np.float64) + top, block.weights)


def _total(logs: Array, weights: Array | None) -> float:
    return float(logs.sum() if weights is None else logs @ weights)


def mapper(executor: Any, blocks: Sequence[Any]) -> Mapper:
    """How to run a function over the blocks, the tables and what else there is one of for each block.

    executor: any `concurrent.futures` executor, or a `dask.distributed` client. A client first moves the blocks to its
    workers once, so that an iteration sends only the parameters.
    """
    if hasattr(executor, "scatter"):
        held = executor.scatter(list(blocks))
        return lambda f, tables, *each: executor.gather(
            executor.map(f, held, [tables] * len(blocks), *each, pure=False)
        )
    return lambda f, tables, *each: list(executor.map(f, blocks, repeat(tables), *each))


def total(parts: Sequence[Expected]) -> Expected:
    """The sum over blocks, in their order, so that the same data give the same bits."""
    counts, mass = parts[0].counts.copy(), parts[0].mass.copy()
    for part in parts[1:]:
        counts += part.counts
        mass += part.mass
    return Expected(counts, mass, float(sum(part.log_likelihood for part in parts)))
