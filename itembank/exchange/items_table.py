"""Items out as a table: only what reads back as the very same item is written, the rest is named.

JSON Lines (`json_lines.write_item_lines`) and QTI hold every item; a table holds the usual forms.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from itembank.errors import BankError
from itembank.exchange.authored_html import without_last
from itembank.exchange.item_forms import RESPONSE
from itembank.exchange.items_file import COLUMNS, KINDS, item_of_cells
from itembank.exchange.parameters.columns import header_of
from itembank.exchange.parameters.csv_json import cells_of_facts
from itembank.exchange.tables import join_bars, write_table
from itembank.exchange.workbook import write_workbook
from itembank.items import Item, ItemScoring, ResponseDeclaration, content_hash
from itembank.loss_report import ItemLoss, LossReport
from itembank.records import settled

Form = Literal["csv", "tsv", "xlsx"]
NOT_EXPRESSIBLE = "a table cannot say all of this item; export it as JSON Lines or QTI"
WRITERS: dict[Form, Callable[[Sequence[str], Iterable[dict[str, str]]], bytes]] = {
    "csv": write_table,
    "tsv": lambda header, rows: write_table(header, rows, "\t"),
    "xlsx": write_workbook,
}


def write_items(items: Iterable[Item], form: Form = "csv") -> tuple[bytes, LossReport]:
    """The items as a file, and the fate of each: imported (it reads back equal) or refused (left out)."""
    rows: list[dict[str, str]] = []
    entries: list[ItemLoss] = []
    for item in items:
        cells = cells_of_item(item)
        if cells is None:
            entries.append(ItemLoss(key=item.key, fate="refused", notes=(NOT_EXPRESSIBLE,)))
            continue
        rows.append(cells)
        entries.append(ItemLoss(key=item.key, fate="imported"))
    used = set(header_of(rows))
    header = [name for name in COLUMNS if name in used or name in ("item_id", "competency")]
    header += [name for name in header_of(rows) if name not in header]
    return WRITERS[form](header, rows), LossReport(source=f"items.{form}", entries=tuple(entries))


def cells_of_item(item: Item) -> dict[str, str] | None:
    """The row of an item, None when no row gives the same content hash again."""
    cells = {name: value for name, value in _cells(item).items() if value}
    try:
        again, _ = item_of_cells(cells)
    except BankError:
        return None
    return cells if content_hash(again) == content_hash(settled(item)) and again.parameters == item.parameters else None


def _cells(item: Item) -> dict[str, str]:
    content, facts = item.content, item.facts
    kind = _kind(item)
    interaction = content.interactions[0] if content.interactions else None
    tags = [tag for tag in facts.tags if not tag.startswith("model:")]
    model = next((tag.removeprefix("model:") for tag in facts.tags if tag.startswith("model:")), "")
    cells = {
        "item_id": item.key,
        "competency": join_bars(facts.competencies),
        "type": kind,
        "item_type": "" if facts.item_type == kind else facts.item_type,
        "max_score": str(item.scoring.max_category),
        "model": model,
        "anchor": "yes" if facts.anchor else "",
        "enemy_of": join_bars(facts.enemies),
        "stem": without_last(content.body, RESPONSE),
        "options": join_bars(choice.content for choice in interaction.choices) if interaction else "",
        "shuffle": "yes" if interaction and interaction.shuffle else "",
        "unit": interaction.unit if interaction else "",
        "level": facts.level,
        "rationale": item.scoring.rationale,
        "usual_seconds": "" if facts.usual_seconds is None else f"{facts.usual_seconds:g}",
        "tags": join_bars(tags),
        "title": item.title,
        "language": content.language,
        "stimulus": content.stimulus,
        "stimulus_key": content.stimulus_key,
        "alignments": join_bars(facts.alignments),
        "source": facts.source,
        "word_count": str(facts.word_count),
    }
    cells |= _key_cells(item.scoring, kind)
    return cells | (cells_of_facts(item.parameters) if item.parameters is not None else {})


def _kind(item: Item) -> str:
    if item.facts.item_type in KINDS:
        return item.facts.item_type
    interaction = item.content.interactions[0] if item.content.interactions else None
    if interaction is None:
        return ""
    if interaction.kind == "choice":
        return "choice" if interaction.max_choices == 1 else "multiple"
    return "human" if item.scoring.rule == "human" else "numeric" if interaction.numeric else "text"


def _key_cells(scoring: ItemScoring, kind: str) -> dict[str, str]:
    if not scoring.responses or scoring.rule in ("human", "none"):
        return {}
    declared = scoring.responses[0]
    if scoring.rule == "numeric":
        return _numeric_cells(scoring)
    if scoring.rule == "match_correct" or declared.mapping is None:
        return {"key": join_bars(declared.correct)}
    return _mapping_cells(declared, kind)


def _mapping_cells(declared: ResponseDeclaration, kind: str) -> dict[str, str]:
    assert declared.mapping is not None
    right = join_bars(entry.key for entry in declared.mapping.entries if entry.value > 0)
    return {"key": right, "scoring": "partial" if kind == "multiple" else ""}


def _numeric_cells(scoring: ItemScoring) -> dict[str, str]:
    first = scoring.numeric[0]
    tolerance = f"{first.tolerance * 100:.15g}%" if first.relative else repr(first.tolerance) if first.tolerance else ""
    return {"key": join_bars(repr(key.value) for key in scoring.numeric), "tolerance": tolerance}
