"""Wide response files: a row a person, a column an item; cells scored or raw with a key."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from itembank.exchange.delimited import Layout
from itembank.exchange.findings import Findings
from itembank.exchange.responses.columns import (
    PERSON_COLUMNS,
    ItemRule,
    categories,
    explain,
    keyed,
    keyed_numbers,
    split_key,
)
from itembank.exchange.responses.frames import Batch
from itembank.exchange.responses.table import MISSING


@dataclass(frozen=True, slots=True)
class Roles:
    """Which position of the header is what: item rules and covariate names by column position."""

    rules: dict[int, ItemRule]
    covariates: dict[int, str]

    @property
    def scored(self) -> frozenset[int]:
        """The columns that may be read as whole numbers."""
        return frozenset(position for position, rule in self.rules.items() if rule.is_numeric)


@dataclass(slots=True)
class WideAnswers:
    """What has been read so far: one entry a batch."""

    persons: list[pl.Series] = field(default_factory=list)
    matrices: list[NDArray[np.int8]] = field(default_factory=list)
    covariates: list[pl.DataFrame] = field(default_factory=list)
    lines: list[NDArray[np.int64]] = field(default_factory=list)


def wide_roles(
    layout: Layout, rules: dict[str, ItemRule], known_items: bool, group: str | None, findings: Findings
) -> Roles:
    """Decide what each column is: with an items file its names decide, without one `cov_` marks a covariate."""
    if layout.header[0].lower() not in PERSON_COLUMNS:
        raise findings.refuse(
            f"the first column is '{layout.header[0]}' but must be 'person_id'; add or rename it.", line=1
        )
    items: dict[int, ItemRule] = {}
    covariates: dict[int, str] = {}
    seen: set[str] = {layout.header[0]}
    for position, name in enumerate(layout.header[1:], start=1):
        if not name or name in seen:
            findings.bad(
                f"column {position + 1} has no name; name or remove it."
                if not name
                else f"the column stands twice (again as column {position + 1}); keep one.",
                line=1,
                column=name,
            )
            continue
        seen.add(name)
        if name == group or (name not in rules if known_items else name.startswith("cov_")):
            covariates[position] = name
        else:
            items[position] = rules.get(name, ItemRule(name))
    _check_roles(items, rules, known_items, findings)
    return Roles(items, covariates)


def _check_roles(items: dict[int, ItemRule], rules: dict[str, ItemRule], known: bool, findings: Findings) -> None:
    if not items:
        raise findings.refuse(
            "no column is named in the items file; the names must be equal to the letter."
            if known
            else "there is no item column; a column that does not start with 'cov_' is an item.",
            line=1,
        )
    absent = sorted(set(rules) - {rule.item_id for rule in items.values()})
    if absent:
        findings.note(f"{len(absent)} items of the items file or key have no column: {_some(absent)}.")


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def find_key_row(batch: Batch, roles: Roles, findings: Findings) -> tuple[Batch, Roles]:
    """A first row whose person is called KEY holds the right answers of its columns."""
    first = batch.frame.row(0)
    if str(first[0]).upper() != "KEY":
        return batch, roles
    rules = {
        position: ItemRule(rule.item_id, split_key(str(first[position] or "")), rule.max_score)
        for position, rule in roles.rules.items()
    }
    for rule in rules.values():
        if not rule.keys:
            findings.bad("the KEY row gives no right answer.", line=int(batch.lines[0]), column=rule.item_id)
    return Batch(batch.frame[1:], batch.lines[1:]), Roles(rules, roles.covariates)


def read_wide(
    batches: Iterable[Batch], roles: Roles, codes: tuple[str, ...], decimal: str, findings: Findings
) -> WideAnswers:
    """All batches as matrices, bad cells named; rows without a person id or an answer are bad."""
    answers = WideAnswers()
    for batch in batches:
        matrix = _matrix(batch, roles, codes, decimal, findings)
        persons = batch.frame["c0"].cast(pl.String)
        kept = _rows_to_keep(persons, matrix, batch.lines, findings)
        covariates = batch.frame.select(
            pl.col(f"c{position}").cast(pl.String).alias(name) for position, name in roles.covariates.items()
        )
        whole = bool(kept.all())
        answers.persons.append(persons if whole else persons.filter(pl.Series(kept)))
        answers.matrices.append(matrix if whole else matrix[kept])
        answers.covariates.append(covariates if whole or not covariates.width else covariates.filter(pl.Series(kept)))
        answers.lines.append(batch.lines if whole else batch.lines[kept])
    return answers


def _rows_to_keep(
    persons: pl.Series, matrix: NDArray[np.int8], lines: NDArray[np.int64], findings: Findings
) -> NDArray[np.bool_]:
    named = (persons.is_not_null() & ~persons.is_in(["", "NA"])).fill_null(False).to_numpy()
    for row in np.flatnonzero(~named):
        findings.bad("the row has no person id; give one.", line=int(lines[row]), column="person_id")
    answered = matrix.max(axis=1) >= 0
    for row in np.flatnonzero(named & ~answered):
        findings.bad(f"person '{persons[int(row)]}' answered no item; remove the row.", line=int(lines[row]))
    kept: NDArray[np.bool_] = named & answered
    return kept


def _matrix(batch: Batch, roles: Roles, codes: tuple[str, ...], decimal: str, findings: Findings) -> NDArray[np.int8]:
    """One batch as int8 (n_rows, n_items); fast where whole numbers lie within bounds, careful elsewhere."""
    frame = batch.frame.select(f"c{position}" for position in roles.rules)
    lowest, highest = frame.select(pl.all().min()).row(0), frame.select(pl.all().max()).row(0)
    columns: list[pl.Series | pl.Expr] = []
    for (position, rule), low, high in zip(roles.rules.items(), lowest, highest):
        name = f"c{position}"
        if rule.keys and frame.schema[name].is_integer() and rule.is_numeric:
            columns.append(keyed_numbers(pl.col(name), rule).alias(name))
        elif rule.keys:
            columns.append(keyed(pl.col(name).cast(pl.String), rule, codes).alias(name))
        elif frame.schema[name].is_integer() and (low is None or (low >= 0 and high <= rule.highest)):
            columns.append(pl.col(name).cast(pl.Int8))
        else:
            columns.append(_careful(frame[name].cast(pl.String), rule, batch.lines, codes, decimal, findings))
    return frame.select(columns).select(pl.all().fill_null(MISSING)).to_numpy(order="c")


def _careful(
    cells: pl.Series, rule: ItemRule, lines: NDArray[np.int64], codes: tuple[str, ...], decimal: str, findings: Findings
) -> pl.Series:
    values, bad = categories(cells, rule, codes, decimal)
    for row in bad.arg_true():
        findings.bad(explain(cells[row], rule, decimal, codes), line=int(lines[row]), column=rule.item_id)
    return values
