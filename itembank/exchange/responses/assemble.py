"""From what was read to one table: doubled persons and items, empty ones, groups, and counts that add up."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from itembank.exchange.findings import Findings
from itembank.exchange.responses.table import ResponseReport, ResponseTable
from itembank.exchange.responses.wide import Roles, WideAnswers


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller asked for: the group column, whether a blank is wrong, the order of the items."""

    group: str | None
    omit_as_wrong: bool
    item_order: tuple[str, ...]


def assemble_wide(answers: WideAnswers, roles: Roles, wishes: Wishes, findings: Findings) -> ResponseTable:
    """One matrix of all batches, with doubled persons and unanswered items judged."""
    if not sum(len(matrix) for matrix in answers.matrices):
        raise findings.refuse("has a header but no row that can be used.")
    persons, lines = pl.concat(answers.persons), np.concatenate(answers.lines)
    matrix = np.concatenate(answers.matrices) if len(answers.matrices) > 1 else answers.matrices[0]
    answers.matrices.clear()
    covariates = pl.concat(answers.covariates).fill_null("") if roles.covariates else None
    kept = _distinct(persons, lines, findings) & grouped(covariates, wishes, lines, persons, findings)
    if not kept.all():
        persons, matrix = persons.filter(pl.Series(kept)), matrix[kept]
        covariates = covariates.filter(pl.Series(kept)) if covariates is not None else None
    item_ids = [rule.item_id for rule in roles.rules.values()]
    return finish("wide", persons, item_ids, matrix, covariates, wishes, findings, None)


def _distinct(persons: pl.Series, lines: NDArray[np.int64], findings: Findings) -> NDArray[np.bool_]:
    first: NDArray[np.bool_] = persons.is_first_distinct().to_numpy()
    again = np.flatnonzero(~first)
    doubled = persons.gather(again).unique()
    earlier = {
        persons[int(row)]: int(lines[row])
        for row in np.flatnonzero(first & persons.is_in(doubled.implode()).to_numpy())
    }
    for row in again:
        name = persons[int(row)]
        findings.bad(
            f"person '{name}' already stands in line {earlier[name]}; keep one of the two rows.",
            line=int(lines[row]),
            column="person_id",
        )
    return first


def grouped(
    covariates: pl.DataFrame | None, wishes: Wishes, lines: NDArray[np.int64], persons: pl.Series, findings: Findings
) -> NDArray[np.bool_]:
    """Which persons have a group, all of them when no group column was named: (n_persons,)."""
    given = np.ones(len(persons), dtype=bool)
    if wishes.group is None or covariates is None:
        return given
    given = ~covariates[wishes.group].is_in(["", "NA", "."]).to_numpy()
    for row in np.flatnonzero(~given):
        findings.bad(f"person '{persons[int(row)]}' has no group; give one.", line=int(lines[row]), column=wishes.group)
    return given


def finish(
    shape: str,
    persons: pl.Series,
    item_ids: list[str],
    matrix: NDArray[np.int8],
    covariates: pl.DataFrame | None,
    wishes: Wishes,
    findings: Findings,
    seconds: NDArray[np.float32] | None,
) -> ResponseTable:
    """The table of a dense matrix; items nobody answered are bad, blanks become wrong where the caller says so."""
    highest, lowest = matrix.max(axis=0, initial=-1), matrix.view(np.uint8).min(axis=0, initial=255)
    answered = highest >= 0
    for column in np.flatnonzero(~answered):
        findings.bad("nobody answered this item; remove the column.", column=item_ids[column])
    _note_no_variance([name for name, low, high in zip(item_ids, lowest, highest) if low == high], findings)
    if not answered.all():
        matrix, item_ids = matrix[:, answered], [name for name, seen in zip(item_ids, answered) if seen]
        seconds = seconds[:, answered] if seconds is not None else None
    if not matrix.size:
        raise findings.refuse("nothing is left that could be used.")
    if wishes.omit_as_wrong:
        matrix = np.maximum(matrix, 0)
    return ResponseTable(
        person_ids=tuple(persons.to_list()),
        item_ids=tuple(item_ids),
        matrix=matrix,
        covariates=texts(covariates),
        groups=groups_of(covariates, wishes),
        seconds=seconds,
        report=report(shape, len(persons), len(item_ids), int(np.count_nonzero(matrix >= 0)), findings),
    )


def _note_no_variance(names: list[str], findings: Findings) -> None:
    if names:
        some = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
        findings.note(f"{len(names)} items were answered in one and the same category by everybody: {some}.")


def texts(covariates: pl.DataFrame | None) -> dict[str, tuple[str, ...]]:
    """Covariates by name, one text a person."""
    return {} if covariates is None else {name: tuple(covariates[name].to_list()) for name in covariates.columns}


def groups_of(covariates: pl.DataFrame | None, wishes: Wishes) -> tuple[str, ...] | None:
    """The group of each person, None when no group column was named."""
    return None if wishes.group is None or covariates is None else tuple(covariates[wishes.group].to_list())


def report(shape: str, n_persons: int, n_items: int, n_responses: int, findings: Findings) -> ResponseReport:
    """The counts of what was kept, with everything that was found."""
    return ResponseReport(
        file=findings.file,
        shape=shape,
        n_persons=n_persons,
        n_items=n_items,
        n_responses=n_responses,
        n_missing=n_persons * n_items - n_responses,
        n_skipped=findings.count,
        skipped=tuple(findings.problems),
        notes=tuple(findings.notes),
    )
