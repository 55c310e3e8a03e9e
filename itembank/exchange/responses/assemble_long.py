"""The table of a long file: doubled answers judged, persons and items in order, dense or as triplets."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from itembank.exchange.findings import Findings
from itembank.exchange.responses.assemble import Wishes, finish, grouped, groups_of, report, texts
from itembank.exchange.responses.long import LongAnswers
from itembank.exchange.responses.table import DENSE_CELLS, MISSING, ResponseTable, Triplets


def assemble_long(answers: LongAnswers, wishes: Wishes, findings: Findings) -> ResponseTable:
    """One table of all rows; a person's second answer to an item is bad, a person without any too."""
    if not len(answers.person):
        raise findings.refuse("has a header but no row that can be used.")
    item_ids, item = _ordered(answers, wishes)
    cell = answers.person.astype(np.int64) * len(item_ids) + item
    n_cells = len(answers.person_ids) * len(item_ids)
    rows = _first_answers(cell, n_cells, answers, item_ids, findings)
    if wishes.omit_as_wrong:
        answers.category = np.maximum(answers.category, 0)
    kept, covariates = _persons_to_keep(answers, wishes, findings)
    if n_cells > DENSE_CELLS:
        return _sparse(answers, item, item_ids, rows, kept, covariates, wishes, findings)
    shape = (len(answers.person_ids), len(item_ids))
    matrix = np.full(n_cells, MISSING, dtype=np.int8)
    matrix[cell[rows]] = answers.category[rows]
    seconds = None
    if answers.seconds is not None:
        seconds = np.full(n_cells, np.nan, dtype=np.float32)
        seconds[cell[rows]] = answers.seconds[rows]
        seconds = seconds.reshape(shape)[kept]
    persons, matrix = answers.person_ids, matrix.reshape(shape)
    if not kept.all():
        persons, matrix = persons.filter(pl.Series(kept)), matrix[kept]
        covariates = covariates.filter(pl.Series(kept)) if covariates is not None else None
    return finish(
        "long", persons, item_ids, matrix, covariates, replace(wishes, omit_as_wrong=False), findings, seconds
    )


def _ordered(answers: LongAnswers, wishes: Wishes) -> tuple[list[str], NDArray[np.int32]]:
    """Items in the order of the items file where there is one, else as they appear."""
    place = {name: position for position, name in enumerate(wishes.item_order)}
    order = sorted(range(len(answers.item_ids)), key=lambda index: place.get(answers.item_ids[index], len(place)))
    position = np.empty(len(order), dtype=np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    return [answers.item_ids[index] for index in order], position[answers.item]


def _first_answers(
    cell: NDArray[np.int64], n_cells: int, answers: LongAnswers, item_ids: list[str], findings: Findings
) -> slice | NDArray[np.bool_]:
    """The rows to use: all of them, or all but second answers of one person to one item."""
    if n_cells <= DENSE_CELLS:
        met = np.zeros(n_cells, dtype=bool)
        met[cell] = True
        doubled = int(np.count_nonzero(met)) < len(cell)
    else:
        in_order = np.sort(cell)
        doubled = bool((in_order[1:] == in_order[:-1]).any())
    if not doubled:
        return slice(None)
    order = np.argsort(cell, kind="stable")
    again = np.sort(order[1:][cell[order][1:] == cell[order][:-1]])
    for row in again:
        person, item = answers.person_ids[int(answers.person[row])], item_ids[int(cell[row]) % len(item_ids)]
        findings.bad(
            f"person '{person}' answers item '{item}' a second time; "
            "keep one answer, or give each occasion a person id of its own.",
            line=int(answers.lines[row]),
        )
    first = np.ones(len(cell), dtype=bool)
    first[again] = False
    return first


def _persons_to_keep(
    answers: LongAnswers, wishes: Wishes, findings: Findings
) -> tuple[NDArray[np.bool_], pl.DataFrame | None]:
    """Persons with an answer and a group, and the covariates: those of a person's first row."""
    first_rows = np.flatnonzero(np.diff(np.maximum.accumulate(answers.person), prepend=-1))
    lines = answers.lines[first_rows]
    answered = np.zeros(len(answers.person_ids), dtype=bool)
    answered[answers.person[answers.category >= 0]] = True
    for index in np.flatnonzero(~answered):
        findings.bad(
            f"person '{answers.person_ids[int(index)]}' answered no item; remove the rows.", line=int(lines[index])
        )
    if answers.covariates is None:
        return answered, None
    covariates = answers.covariates[first_rows].fill_null("")
    _note_varying(answers, findings)
    return answered & grouped(covariates, wishes, lines, answers.person_ids, findings), covariates


def _note_varying(answers: LongAnswers, findings: Findings) -> None:
    assert answers.covariates is not None
    for name in answers.covariates.columns:
        pairs = pl.DataFrame({"person": answers.person, "value": answers.covariates[name]}).n_unique()
        if pairs > len(answers.person_ids):
            findings.note(f"covariate '{name}' varies within a person; the value of each person's first row was kept.")


def _sparse(
    answers: LongAnswers,
    item: NDArray[np.int32],
    item_ids: list[str],
    rows: slice | NDArray[np.bool_],
    kept: NDArray[np.bool_],
    covariates: pl.DataFrame | None,
    wishes: Wishes,
    findings: Findings,
) -> ResponseTable:
    """Only the answers given, for persons × items beyond what a dense matrix should hold."""
    use = np.zeros(len(item), dtype=bool)
    use[rows] = True
    use &= kept[answers.person] & (answers.category >= 0)
    order = np.flatnonzero(use)[np.lexsort((item[use], answers.person[use]))]
    new_index = np.cumsum(kept, dtype=np.int32) - 1
    triplets = Triplets(new_index[answers.person[order]], item[order], answers.category[order])
    counts = np.bincount(triplets.item, minlength=len(item_ids))
    for column in np.flatnonzero(counts == 0):
        findings.bad("nobody answered this item; remove its rows.", column=item_ids[column])
    covariates = covariates.filter(pl.Series(kept)) if covariates is not None else None
    persons = tuple(answers.person_ids.filter(pl.Series(kept)).to_list())
    return ResponseTable(
        person_ids=persons,
        item_ids=tuple(item_ids),
        matrix=None,
        sparse=triplets,
        covariates=texts(covariates),
        groups=groups_of(covariates, wishes),
        seconds=answers.seconds[order] if answers.seconds is not None else None,
        report=report("long", len(persons), len(item_ids), len(order), findings),
    )
