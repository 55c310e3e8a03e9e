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

YES = frozenset({"1", "yes", "true", "y", "x"})
COLUMNS = (
    "item_id", "competency", "type", "key", "max_score", "model", "anchor", "enemy_of", "stem", "options", "level",
    "rationale", "usual_seconds", "tags", "title", "tolerance", "language", "stimulus", "stimulus_key", "scoring",
    "alignments", "source", "word_count", "item_type", "shuffle", "unit",
)  # fmt: skip
KINDS = ("choice", "multiple", "numeric", "text", "human")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
NO_STEM = "no stem"
NO_KEY = "no key"


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
        item, changes = item_of_row(row)
        check_item(item)
    except BankError as error:
        entry = ItemLoss(key=key or f"line {row.line}", fate="refused", place=at_line(row.line), notes=(str(error),))
    else:
        reading.items.append(item)
        reasons = changes + ((f"kept but not deliverable: {item.not_deliverable}",) if item.not_deliverable else ())
        entry = ItemLoss(key=key, fate="changed" if reasons else "imported", place=at_line(row.line), notes=reasons)
    reading.entries.append(entry)


def item_of_row(row: Row) -> tuple[Item, tuple[str, ...]]:
    """One item, and what was changed to make it.

    Raises:
        ItemInvalid: naming the column and what to write there.
    """
    kind = _kind(row)
    max_score = _whole(row, "max_score", 1)
    if not row.get("stem"):
        formed, missing = _without_stem(row, kind, max_score), NO_STEM
    elif kind in ("choice", "multiple") and not row.get("key"):
        formed, missing = _without_key(row, kind == "multiple", max_score), NO_KEY
    else:
        formed, missing = _formed(row, kind, max_score), ""
    stimulus, lost = block(row.get("stimulus")) if row.get("stimulus") else ("", ())
    content = msgspec.structs.replace(
        formed.content, stimulus=stimulus, stimulus_key=row.get("stimulus_key"), language=row.get("language") or "en"
    )
    item = Item(
        key=row.get("item_id"),
        content=content,
        scoring=msgspec.structs.replace(formed.scoring, rationale=row.get("rationale")),
        facts=_facts(row, kind, content),
        title=row.get("title"),
        parameters=facts_of_cells(row.cells),
        not_deliverable=missing,
    )
    return item, formed.changes + lost


def _kind(row: Row) -> str:
    said = row.get("type").lower()
    if said and said not in KINDS:
        raise ItemInvalid(f"type '{said}' is unknown; write one of {', '.join(KINDS)} or leave it empty.")
    if said:
        return said
    parts = split_bars(row.get("key"))
    if row.get("options"):
        return "multiple" if len(parts) > 1 else "choice"
    if not parts:
        return "human" if row.get("stem") else ""
    return "numeric" if all(NUMBER.match(part.strip()) for part in parts) else "text"


def _whole(row: Row, column: str, default: int) -> int:
    text = row.get(column).removesuffix(".0")
    if text and not (text.isdecimal() and 1 <= int(text) <= 126):
        raise ItemInvalid(f"{column} '{text}' is no whole number from 1 to 126; correct it.")
    return int(text) if text else default


def _without_stem(row: Row, kind: str, max_score: int) -> Formed:
    """What can be said of an item known by its statistics alone; its key is kept for raw answers."""
    right = tuple(part.strip() for part in split_bars(row.get("key")))
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


def _without_key(row: Row, multiple: bool, max_score: int) -> Formed:
    options = split_bars(row.get("options"))
    formed = choice_item(row.get("stem"), options, {}, multiple=multiple, shuffle=_shuffle(row))
    declared = msgspec.structs.replace(formed.scoring.responses[0], mapping=None)
    scoring = ItemScoring(rule="none", responses=(declared,), max_category=max_score)
    return msgspec.structs.replace(formed, scoring=scoring)


def _formed(row: Row, kind: str, max_score: int) -> Formed:
    stem, key = row.get("stem"), tuple(part.strip() for part in split_bars(row.get("key")))
    if kind == "human":
        return essay_item(stem, max_score=max_score)
    if not key:
        raise ItemInvalid(f"a {kind} item needs a key; write the right answer in column 'key'.")
    if kind == "numeric":
        return numeric_item(stem, _numeric_keys(row, key), unit=row.get("unit"), max_score=max_score)
    if kind == "text":
        return text_item(stem, dict.fromkeys(key, float(max_score)), max_score=max_score)
    return _choice(row, key, kind == "multiple", max_score)


def _choice(row: Row, key: tuple[str, ...], multiple: bool, max_score: int) -> Formed:
    options = split_bars(row.get("options"))
    known = letters(len(options))
    right = tuple(part.upper() for part in key)
    for letter in right:
        if len(letter) != 1 or letter not in known:
            raise ItemInvalid(f"the key '{letter}' is none of its options {known[0]} to {known[-1]}; correct the key.")
    shuffle = _shuffle(row)
    points = dict.fromkeys(right, 1.0)
    if multiple and row.get("scoring").lower() == "partial":
        points = {letter: 1.0 if letter in right else -1.0 for letter in known}
        max_score = _whole(row, "max_score", len(right))
        return choice_item(row.get("stem"), options, points, multiple=True, shuffle=shuffle, max_score=max_score)
    if row.get("scoring").lower() not in ("", "match"):
        raise ItemInvalid(f"scoring '{row.get('scoring')}' is unknown; write 'partial', 'match' or nothing.")
    if multiple and max_score > 1:
        raise ItemInvalid("several right options with max_score above 1 need scoring 'partial'; add it.")
    if max_score > 1:
        points = dict.fromkeys(right, float(max_score))
    return choice_item(row.get("stem"), options, points, multiple=multiple, shuffle=shuffle, max_score=max_score)


def _shuffle(row: Row) -> bool:
    return row.get("shuffle").lower() in YES


def _numeric_keys(row: Row, key: tuple[str, ...]) -> tuple[NumericKey, ...]:
    text = row.get("tolerance").replace(",", ".").strip()
    relative = text.endswith("%")
    try:
        tolerance = float(text.removesuffix("%")) / (100 if relative else 1) if text else 0.0
        values = [float(part.replace(",", ".")) for part in key]
    except ValueError:
        raise ItemInvalid("key and tolerance of a numeric item must be numbers (a tolerance may end in %).") from None
    if not 0 <= tolerance < float("inf") or any(value - value != 0 for value in values):
        raise ItemInvalid("key and tolerance of a numeric item must be finite, the tolerance not negative.")
    return tuple(NumericKey(value=value, tolerance=tolerance, relative=relative) for value in values)


def _facts(row: Row, kind: str, content: ItemContent) -> ItemFacts:
    model = row.get("model").lower()
    asked = (f"model:{model}",) if model and facts_of_cells(row.cells) is None else ()
    return ItemFacts(
        competencies=_list(row, "competency"),
        level=row.get("level"),
        item_type=row.get("item_type") or kind,
        enemies=_list(row, "enemy_of"),
        word_count=int(row.get("word_count")) if row.get("word_count").isdecimal() else _words(content),
        usual_seconds=_seconds(row),
        tags=_list(row, "tags") + asked,
        anchor=row.get("anchor").lower() in YES,
        alignments=_list(row, "alignments"),
        source=row.get("source"),
    )


def _words(content: ItemContent) -> int:
    options = [choice.content for interaction in content.interactions for choice in interaction.choices]
    return word_count(content.body, content.stimulus, *options)


def _list(row: Row, column: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in split_bars(row.get(column)) if part.strip())


def _seconds(row: Row) -> float | None:
    text = row.get("usual_seconds").replace(",", ".")
    if not text:
        return None
    if not NUMBER.match(text) or not 0 < float(text) < 1e6:
        raise ItemInvalid(f"usual_seconds '{text}' is no positive number; correct it.")
    return float(text)
