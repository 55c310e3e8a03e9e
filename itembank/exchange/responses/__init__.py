"""Response files in: wide or long, scored or raw, delimited, Parquet or Winsteps, judged cell by cell."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path

from itembank.exchange.delimited import Layout, Source, open_source, read_layout, source_name
from itembank.exchange.findings import Findings
from itembank.exchange.responses.assemble import Wishes, assemble_wide
from itembank.exchange.responses.assemble_long import assemble_long
from itembank.exchange.responses.columns import ItemRule, item_rules, missing_codes
from itembank.exchange.responses.fixed_width import is_control, read_winsteps
from itembank.exchange.responses.frames import Batch, parquet_batches, parquet_layout, text_batches
from itembank.exchange.responses.keys import read_item_rules, read_key
from itembank.exchange.responses.long import is_long, long_roles, read_long
from itembank.exchange.responses.table import ResponseReport, ResponseTable, Triplets
from itembank.exchange.responses.wide import Roles, find_key_row, read_wide, wide_roles

__all__ = ["ItemRule", "ResponseReport", "ResponseTable", "Triplets", "read_item_rules", "read_key", "read_responses"]


def read_responses(
    source: Source,
    *,
    items: Mapping[str, ItemRule] | Source | None = None,
    key: Mapping[str, str] | Source | None = None,
    omit_as_wrong: bool = False,
    group: str | None = None,
    skip_bad: bool = False,
    not_administered: tuple[str, ...] = (),
    name: str = "",
) -> ResponseTable:
    """Read a response file of any accepted shape.

    Args:
        source: a path, or the bytes of the file.
        items: an items file (or its rules): a column named there is an item, any other a covariate.
        key: a file `item_id,key` (or a mapping): cells of these items are raw choices.
        omit_as_wrong: score a blank as 0 instead of leaving it out.
        group: the column that tells the groups apart; with or without its `cov_`.
        skip_bad: report bad cells, rows and columns and go on without them.
        not_administered: codes that mean so besides empty, NA and '.'.
        name: what messages call the file, when `source` is bytes.

    Raises:
        FileRefused: one sentence naming file, line and column of the first bad thing.
    """
    findings = Findings(source_name(source, name), skip_bad=skip_bad)
    of_items = dict(items) if isinstance(items, Mapping) else read_item_rules(items) if items is not None else {}
    of_key = dict(key) if isinstance(key, Mapping) else read_key(key) if key is not None else {}
    request = _Request(
        rules=item_rules(of_items, of_key),
        known_items=items is not None,
        codes=missing_codes(not_administered),
        wishes=Wishes(group, omit_as_wrong, tuple(of_items)),
        findings=findings,
    )
    with open_source(source, findings) as stream:
        start = stream.tell()
        head = stream.read(4096)
        stream.seek(start)
        if head[:4] == b"PAR1":
            return _parquet(source, request)
        if is_control(head):
            batch, roles = read_winsteps(source, findings)
            return _wide([batch], _with_rules(roles, request.rules), ".", request)
        layout = read_layout(stream, findings, "" if isinstance(source, bytes) else Path(source).suffix.lower())
        read = partial(text_batches, stream, layout, codes=request.codes, findings=findings)
        return _table(layout, "." if layout.delimiter == "," else ",", read, request)


@dataclass(frozen=True, slots=True)
class _Request:
    """Everything the caller said, in the forms the readers work with."""

    rules: dict[str, ItemRule]
    known_items: bool
    codes: tuple[str, ...]
    wishes: Wishes
    findings: Findings


def _table(
    layout: Layout, decimal: str, read: Callable[[Collection[int]], Iterable[Batch]], request: _Request
) -> ResponseTable:
    """Long or wide, as the header says; `read` gives the rows once it knows which columns are numbers."""
    group = _group_column(request.wishes.group, layout.header, request.findings)
    request = replace(request, wishes=replace(request.wishes, group=group))
    if not is_long(layout.header):
        roles = wide_roles(layout, request.rules, request.known_items, group, request.findings)
        return _wide(read(roles.scored), roles, decimal, request)
    long = long_roles(layout, group, request.findings)
    numbers = () if any(rule.keys for rule in request.rules.values()) else (long.answer,)
    answers = read_long(
        read(numbers), long, request.rules, request.known_items, request.codes, decimal, request.findings
    )
    return assemble_long(answers, request.wishes, request.findings)


def _wide(batches: Iterable[Batch], roles: Roles, decimal: str, request: _Request) -> ResponseTable:
    rest = iter(batches)
    first = next(rest, None)
    if first is None:
        raise request.findings.refuse("has a header but no row that can be used.")
    first, roles = find_key_row(first, roles, request.findings)
    answers = read_wide(chain([first], rest), roles, request.codes, decimal, request.findings)
    return assemble_wide(answers, roles, request.wishes, request.findings)


def _parquet(source: Source, request: _Request) -> ResponseTable:
    readable = BytesIO(source) if isinstance(source, bytes) else source
    layout = parquet_layout(readable, request.findings)
    return _table(layout, ".", lambda _: parquet_batches(readable, layout), request)


def _with_rules(roles: Roles, rules: dict[str, ItemRule]) -> Roles:
    """A control file's own rules, overruled by those the caller gave."""
    return Roles({k: rules.get(rule.item_id, rule) for k, rule in roles.rules.items()}, roles.covariates)


def _group_column(group: str | None, header: tuple[str, ...], findings: Findings) -> str | None:
    if group is None or group in header:
        return group
    if f"cov_{group}" in header:
        return f"cov_{group}"
    raise findings.refuse(f"there is no column '{group}' to tell groups apart; name one of the header's.", line=1)
