"""Long response files (IRW Data Standard): a row an answer, `id,item,resp` with optional `rt`, `date`, `cov_…`."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from itembank.exchange.delimited import Layout
from itembank.exchange.findings import Findings
from itembank.exchange.responses.columns import (
    LARGEST_CATEGORY,
    PERSON_COLUMNS,
    ItemRule,
    categories,
    explain,
    missing,
    plain,
)
from itembank.exchange.responses.frames import Batch
from itembank.exchange.responses.table import MISSING


@dataclass(frozen=True, slots=True)
class LongRoles:
    """Positions of the columns of a long file; `covariates` names by position."""

    person: int
    item: int
    answer: int
    seconds: int | None
    covariates: dict[int, str]


@dataclass(slots=True)
class LongAnswers:
    """Answers in the order of the file: (n_rows,) each; persons and items are indices into the id lists."""

    person_ids: pl.Series
    item_ids: list[str]
    person: NDArray[np.int32]
    item: NDArray[np.int32]
    category: NDArray[np.int8]
    lines: NDArray[np.int64]
    covariates: pl.DataFrame | None = None
    seconds: NDArray[np.float32] | None = None


@dataclass(slots=True)
class _Gathered:
    persons: list[pl.Series] = field(default_factory=list)
    items: list[pl.Series] = field(default_factory=list)
    categories: list[pl.Series] = field(default_factory=list)
    lines: list[NDArray[np.int64]] = field(default_factory=list)
    covariates: list[pl.DataFrame] = field(default_factory=list)
    seconds: list[pl.Series] = field(default_factory=list)


def is_long(header: tuple[str, ...]) -> bool:
    """Whether the header is that of a long file."""
    names = {name.lower() for name in header}
    return {"item", "resp"} <= names and bool(names & set(PERSON_COLUMNS))


def long_roles(layout: Layout, group: str | None, findings: Findings) -> LongRoles:
    """Find the columns; those that nothing uses are noted."""
    at: dict[str, int] = {}
    for position, name in enumerate(layout.header):
        if name.lower() in at:
            raise findings.refuse("the column stands twice; keep one.", line=1, column=name)
        at[name.lower()] = position
    person = next(at[name] for name in ("id", "person_id") if name in at)
    covariates = {p: name for p, name in enumerate(layout.header) if name.startswith("cov_") or name == group}
    used = {person, at["item"], at["resp"], at.get("rt"), *covariates}
    idle = [name for position, name in enumerate(layout.header) if position not in used]
    if idle:
        findings.note(f"columns that calibration does not use were passed over: {', '.join(idle)}.")
    return LongRoles(person, at["item"], at["resp"], at.get("rt"), covariates)


def read_long(
    batches: Iterable[Batch],
    roles: LongRoles,
    rules: dict[str, ItemRule],
    known_items: bool,
    codes: tuple[str, ...],
    decimal: str,
    findings: Findings,
) -> LongAnswers:
    """All batches as indices and categories, bad cells named. With an items file, an item it lacks is bad."""
    gathered = _Gathered()
    for batch in batches:
        _gather(gathered, batch, roles, rules, known_items, codes, decimal, findings)
    if not gathered.persons:
        raise findings.refuse("has a header but no rows.")
    person_ids, person = _factorize(pl.concat(gathered.persons))
    item_ids, item = _factorize(pl.concat(gathered.items))
    return LongAnswers(
        person_ids=person_ids,
        item_ids=item_ids.to_list(),
        person=person,
        item=item,
        category=pl.concat(gathered.categories).fill_null(MISSING).to_numpy(),
        lines=np.concatenate(gathered.lines),
        covariates=pl.concat(gathered.covariates) if roles.covariates else None,
        seconds=pl.concat(gathered.seconds).to_numpy().astype(np.float32) if roles.seconds is not None else None,
    )


def _factorize(names: pl.Series) -> tuple[pl.Series, NDArray[np.int32]]:
    """Distinct names in order of appearance, and the index of each row's name."""
    distinct = names.unique(maintain_order=True)
    codes = names.cast(pl.Enum(distinct)).to_physical()
    return distinct, codes.cast(pl.Int32).to_numpy()


def _gather(
    gathered: _Gathered,
    batch: Batch,
    roles: LongRoles,
    rules: dict[str, ItemRule],
    known_items: bool,
    codes: tuple[str, ...],
    decimal: str,
    findings: Findings,
) -> None:
    persons = batch.frame[f"c{roles.person}"].cast(pl.String)
    items = batch.frame[f"c{roles.item}"].cast(pl.String)
    answers = batch.frame[f"c{roles.answer}"]
    kept = _rows_to_keep(persons, items, batch.lines, set(rules) if known_items else None, findings)
    values = _score(items, answers, rules, batch.lines, kept, codes, decimal, findings)
    gathered.persons.append(persons.filter(kept))
    gathered.items.append(items.filter(kept))
    gathered.categories.append(values.filter(kept))
    gathered.lines.append(batch.lines[kept.to_numpy()])
    if roles.covariates:
        named = (pl.col(f"c{position}").cast(pl.String).alias(name) for position, name in roles.covariates.items())
        gathered.covariates.append(batch.frame.select(named).filter(kept))
    if roles.seconds is not None:
        seconds = batch.frame[f"c{roles.seconds}"].cast(pl.String)
        text = seconds.str.replace(",", ".", literal=True) if decimal == "," else seconds
        gathered.seconds.append(text.cast(pl.Float32, strict=False).fill_null(float("nan")).filter(kept))


def _rows_to_keep(
    persons: pl.Series, items: pl.Series, lines: NDArray[np.int64], known: set[str] | None, findings: Findings
) -> pl.Series:
    kept = pl.Series(np.ones(len(persons), dtype=bool))
    for names, column in ((persons, "id"), (items, "item")):
        absent = names.is_null() | names.is_in(["", "NA"]).fill_null(False)
        for row in absent.arg_true():
            findings.bad(f"the row has no {column}; give one.", line=int(lines[row]), column=column)
        kept &= ~absent
    if known is not None:
        unknown = kept & ~items.is_in(list(known)).fill_null(False)
        for row in unknown.arg_true():
            findings.bad(
                f"item '{items[row]}' is not in the items file; add it there or correct the name.",
                line=int(lines[row]),
                column="item",
            )
        kept &= ~unknown
    return kept


def _score(
    items: pl.Series,
    answers: pl.Series,
    rules: dict[str, ItemRule],
    lines: NDArray[np.int64],
    kept: pl.Series,
    codes: tuple[str, ...],
    decimal: str,
    findings: Findings,
) -> pl.Series:
    """Categories (int8, null = not administered): by key where an item has one, else as numbers."""
    limits = {item: rule.highest for item, rule in rules.items() if not rule.keys}
    accepted = [(item, key, rule.max_score or 1) for item, rule in rules.items() for key in rule.keys]
    if answers.dtype == pl.Int8 and not accepted:
        values, bad = answers, (answers < 0).fill_null(False)
    else:
        values, bad = categories(answers.cast(pl.String), ItemRule("resp"), codes, decimal)
    if accepted:
        values, bad = _by_key(items, answers.cast(pl.String), accepted, values, bad, codes)
    bad |= _above(items, values, limits)
    for row in (bad & kept).arg_true():
        rule = rules.get(items[row]) or ItemRule("resp")
        findings.bad(explain(str(answers[row]), rule, decimal, codes), line=int(lines[row]), column="resp")
    return values.set(bad, None) if bad.any() else values


def _by_key(
    items: pl.Series,
    text: pl.Series,
    accepted: list[tuple[str, str, int]],
    values: pl.Series,
    bad: pl.Series,
    codes: tuple[str, ...],
) -> tuple[pl.Series, pl.Series]:
    """Lay keyed scores over the numeric ones, for the items that have a key."""
    pairs = pl.DataFrame(accepted, schema={"item": pl.String, "plain": pl.String, "right": pl.Int8}, orient="row")
    frame = pl.DataFrame({"item": items, "text": text, "value": values, "bad": bad})
    frame = frame.with_columns(plain=plain(pl.col("text"))).join(
        pairs.unique(["item", "plain"]), on=["item", "plain"], how="left", maintain_order="left"
    )
    has_key = pl.col("item").is_in(pairs["item"].unique().to_list())
    right = pl.when(missing(pl.col("text"), codes)).then(None).otherwise(pl.col("right").fill_null(0))
    scored = frame.select(
        value=pl.when(has_key).then(right).otherwise(pl.col("value")), bad=pl.col("bad") & ~has_key.fill_null(False)
    )
    return scored["value"], scored["bad"]


def _above(items: pl.Series, values: pl.Series, limits: dict[str, int]) -> pl.Series:
    """Where a category lies above the max_score of its item."""
    if not limits or not (values > min(limits.values())).any():
        return pl.Series(np.zeros(len(items), dtype=bool))
    limit = items.replace_strict(limits, default=LARGEST_CATEGORY, return_dtype=pl.Int16)
    return (values > limit).fill_null(False)
