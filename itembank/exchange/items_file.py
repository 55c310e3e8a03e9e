"""Items files: a row an item, in CSV, TSV, XLSX or JSON Lines, in and out.

A row without a stem is legal (statistics only): the item can be calibrated and not delivered. Whatever a table cannot
say is reported by name; `write_items` writes only what reads back as the same content hash.
"""

import re
from dataclasses import dataclass, field

import msgspec

from itembank.errors import BankError, ItemInvalid
from itembank.exchange.authored_html import block, word_count
from itembank.exchange.delimited import Source, source_name
from itembank.exchange.findings import Findings, at_line
from itembank.exchange.item_forms import RESPONSE, Formed, choice_item, essay_item, letters, numeric_item, text_item
from itembank.exchange.json_lines import is_item_lines, read_item_lines
from itembank.exchange.parameters.columns import PARAMETER_COLUMNS, facts_of_cells
from itembank.exchange.tables import Row, Table, read_table, split_bars
from itembank.items import Item, ItemContent, ItemFacts, ItemScoring, NumericKey, ResponseDeclaration, check_item
from itembank.loss_report import ItemLoss, LossReport
from itembank.records import Record

YES = frozenset({"1", "yes", "true", "y", "x"})
KINDS = ("choice", "multiple", "numeric", "text", "human")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
NO_STEM = "no stem"
NO_KEY = "no key"


class ItemRow(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A row of an items file: the text under each of the columns that an item has a place for."""

    item_id: str = ""
    competency: str = ""
    type: str = ""
    key: str = ""
    max_score: str = ""
    model: str = ""
    anchor: str = ""
    enemy_of: str = ""
    stem: str = ""
    options: str = ""
    level: str = ""
    rationale: str = ""
    usual_seconds: str = ""
    tags: str = ""
    title: str = ""
    tolerance: str = ""
    language: str = ""
    stimulus: str = ""
    stimulus_key: str = ""
    scoring: str = ""
    alignments: str = ""
    source: str = ""
    word_count: str = ""
    item_type: str = ""
    shuffle: str = ""
    unit: str = ""


COLUMNS = ItemRow.__struct_fields__


@dataclass(slots=True)
class _Reading:
    items: list[Item] = field(default_factory=list)
    entries: list[ItemLoss] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)


def read_items(source: Source, *, name: str = "") -> tuple[tuple[Item, ...], LossReport]:
    """All items of a file with the fate of every row; a row that contradicts itself is refused, the others come in.

    JSON Lines may hold flat rows with these columns or whole items as `write_item_lines` writes them.

    Raises:
        FileRefused: when the file as a whole cannot be read or has no `item_id` column.
    """
    if is_item_lines(source):
        return read_item_lines(source, name=name)
    findings = Findings(source_name(source, name), skip_bad=True)
    table = read_table(source, findings)
    if "item_id" not in table.header:
        raise findings.refuse(f"there is no column 'item_id'; the header has {', '.join(table.header)}.", line=1)
    reading = _Reading()
    for row in table.rows:
        _read_row(row, reading)
    for problem in findings.problems:
        reading.entries.append(
            ItemLoss(key=f"line {problem.line}", fate="refused", place=at_line(problem.line), notes=(problem.sentence,))
        )
    return tuple(reading.items), LossReport(
        source=findings.file, entries=tuple(reading.entries), notes=tuple(_unknown_columns(table))
    )


def _unknown_columns(table: Table) -> list[str]:
    unknown = [name for name in table.header if name not in COLUMNS and name not in PARAMETER_COLUMNS]
    return [f"columns that an item has no place for were left out: {', '.join(unknown)}."] if unknown else []


def _read_row(row: Row, reading: _Reading) -> None:
    key = row.get("item_id")
    try:
        if not key:
            raise ItemInvalid("the row has no item_id; give one.")
        if key in reading.lines:
            raise ItemInvalid(f"item_id '{key}' already stands in line {reading.lines[key]}; rename one of them.")
        reading.lines[key] = row.line
        item, changes = item_of_cells(row.cells)
        check_item(item)
    except BankError as error:
        entry = ItemLoss(key=key or f"line {row.line}", fate="refused", place=at_line(row.line), notes=(str(error),))
    else:
        reading.items.append(item)
        reasons = changes + ((f"kept but not deliverable: {item.not_deliverable}",) if item.not_deliverable else ())
        entry = ItemLoss(key=key, fate="changed" if reasons else "imported", place=at_line(row.line), notes=reasons)
    reading.entries.append(entry)


def item_of_cells(cells: dict[str, str]) -> tuple[Item, tuple[str, ...]]:
    """One item, and what was changed to make it; the cells may hold parameters as well.

    Raises:
        ItemInvalid: naming the column and what to write there.
    """
    row = msgspec.convert(cells, ItemRow)
    kind = _kind(row)
    max_score = _whole(row.max_score, 1)
    if not row.stem:
        formed, missing = _without_stem(row, kind, max_score), NO_STEM
    elif kind in ("choice", "multiple") and not row.key:
        formed, missing = _without_key(row, kind == "multiple", max_score), NO_KEY
    else:
        formed, missing = _formed(row, kind, max_score), ""
    stimulus, lost = block(row.stimulus) if row.stimulus else ("", ())
    content = msgspec.structs.replace(
        formed.content, stimulus=stimulus, stimulus_key=row.stimulus_key, language=row.language or "en"
    )
    facts, parameters = _facts(row, kind, content), facts_of_cells(cells)
    if row.model and parameters is None:
        facts = msgspec.structs.replace(facts, tags=(*facts.tags, f"model:{row.model.lower()}"))
    item = Item(
        key=row.item_id,
        content=content,
        scoring=msgspec.structs.replace(formed.scoring, rationale=row.rationale),
        facts=facts,
        title=row.title,
        parameters=parameters,
        not_deliverable=missing,
    )
    return item, formed.changes + lost


def _kind(row: ItemRow) -> str:
    if row.type:
        said = row.type.lower()
        if said not in KINDS:
            raise ItemInvalid(f"type '{said}' is unknown; write one of {', '.join(KINDS)} or leave it empty.")
        return said
    parts = split_bars(row.key)
    if row.options:
        return "multiple" if len(parts) > 1 else "choice"
    if not parts:
        return "human" if row.stem else ""
    return "numeric" if all(NUMBER.match(part.strip()) for part in parts) else "text"


def _whole(cell: str, default: int) -> int:
    text = cell.removesuffix(".0")
    if text and not (text.isdecimal() and 1 <= int(text) <= 126):
        raise ItemInvalid(f"max_score '{text}' is no whole number from 1 to 126; correct it.")
    return int(text) if text else default


def _without_stem(row: ItemRow, kind: str, max_score: int) -> Formed:
    """What can be said of an item known by its statistics alone; its key is kept for raw answers."""
    right = _stripped(row.key)
    declared = ResponseDeclaration(
        identifier=RESPONSE,
        base_type="string" if kind in ("text", "human") else "float" if kind == "numeric" else "identifier",
        cardinality="multiple" if kind == "multiple" else "single",
        correct=right,
    )
    scoring = ItemScoring(
        rule="match_correct" if right else "none", responses=(declared,) if right else (), max_category=max_score
    )
    return Formed(content=ItemContent(body="", interactions=()), scoring=scoring)


def _without_key(row: ItemRow, multiple: bool, max_score: int) -> Formed:
    formed = choice_item(row.stem, split_bars(row.options), {}, multiple=multiple, shuffle=row.shuffle.lower() in YES)
    declared = msgspec.structs.replace(formed.scoring.responses[0], mapping=None)
    scoring = ItemScoring(rule="none", responses=(declared,), max_category=max_score)
    return msgspec.structs.replace(formed, scoring=scoring)


def _formed(row: ItemRow, kind: str, max_score: int) -> Formed:
    key = _stripped(row.key)
    if kind == "human":
        return essay_item(row.stem, max_score=max_score)
    if not key:
        raise ItemInvalid(f"a {kind} item needs a key; write the right answer in column 'key'.")
    if kind == "numeric":
        return numeric_item(row.stem, _numeric_keys(row, key), unit=row.unit, max_score=max_score)
    if kind == "text":
        return text_item(row.stem, dict.fromkeys(key, float(max_score)), max_score=max_score)
    return _choice(row, key, kind == "multiple", max_score)


def _choice(row: ItemRow, key: tuple[str, ...], multiple: bool, max_score: int) -> Formed:
    options = split_bars(row.options)
    known = letters(len(options))
    right = tuple(part.upper() for part in key)
    for letter in right:
        if len(letter) != 1 or letter not in known:
            raise ItemInvalid(f"the key '{letter}' is none of its options {known[0]} to {known[-1]}; correct the key.")
    shuffle, scoring = row.shuffle.lower() in YES, row.scoring.lower()
    points = dict.fromkeys(right, 1.0)
    if multiple and scoring == "partial":
        points = {letter: 1.0 if letter in right else -1.0 for letter in known}
        max_score = _whole(row.max_score, len(right))
        return choice_item(row.stem, options, points, multiple=True, shuffle=shuffle, max_score=max_score)
    if scoring not in ("", "match"):
        raise ItemInvalid(f"scoring '{row.scoring}' is unknown; write 'partial', 'match' or nothing.")
    if multiple and max_score > 1:
        raise ItemInvalid("several right options with max_score above 1 need scoring 'partial'; add it.")
    if max_score > 1:
        points = dict.fromkeys(right, float(max_score))
    return choice_item(row.stem, options, points, multiple=multiple, shuffle=shuffle, max_score=max_score)


def _numeric_keys(row: ItemRow, key: tuple[str, ...]) -> tuple[NumericKey, ...]:
    text = row.tolerance.replace(",", ".").strip()
    relative = text.endswith("%")
    try:
        tolerance = float(text.removesuffix("%")) / (100 if relative else 1) if text else 0.0
        values = [float(part.replace(",", ".")) for part in key]
    except ValueError:
        raise ItemInvalid("key and tolerance of a numeric item must be numbers (a tolerance may end in %).") from None
    if not 0 <= tolerance < float("inf") or any(value - value != 0 for value in values):
        raise ItemInvalid("key and tolerance of a numeric item must be finite, the tolerance not negative.")
    return tuple(NumericKey(value=value, tolerance=tolerance, relative=relative) for value in values)


def _facts(row: ItemRow, kind: str, content: ItemContent) -> ItemFacts:
    return ItemFacts(
        competencies=_list(row.competency),
        level=row.level,
        item_type=row.item_type or kind,
        enemies=_list(row.enemy_of),
        word_count=int(row.word_count) if row.word_count.isdecimal() else _words(content),
        usual_seconds=_seconds(row.usual_seconds),
        tags=_list(row.tags),
        anchor=row.anchor.lower() in YES,
        alignments=_list(row.alignments),
        source=row.source,
    )


def _words(content: ItemContent) -> int:
    options = [choice.content for interaction in content.interactions for choice in interaction.choices]
    return word_count(content.body, content.stimulus, *options)


def _stripped(cell: str) -> tuple[str, ...]:
    return tuple([part.strip() for part in split_bars(cell)])


def _list(cell: str) -> tuple[str, ...]:
    return tuple([part for part in _stripped(cell) if part]) if cell else ()


def _seconds(cell: str) -> float | None:
    text = cell.replace(",", ".")
    if not text:
        return None
    if not NUMBER.match(text) or not 0 < float(text) < 1e6:
        raise ItemInvalid(f"usual_seconds '{text}' is no positive number; correct it.")
    return float(text)
