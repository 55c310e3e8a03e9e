"""What an items file or a key file says about cells: which are right, and how high categories go."""

from itertools import permutations

from itembank.exchange.delimited import Source, source_name
from itembank.exchange.findings import Findings
from itembank.exchange.responses.columns import ItemRule, split_key
from itembank.exchange.tables import Row, read_table

MOST_IN_SET = 6
YES = frozenset({"1", "yes", "true", "y", "x"})


def read_item_rules(source: Source, name: str = "") -> dict[str, ItemRule]:
    """One rule an item, in the order of the items file.

    Raises:
        FileRefused: for a missing item_id, an item that stands twice, or a max_score that is no whole number.
    """
    findings = Findings(source_name(source, name), skip_bad=False)
    rules: dict[str, ItemRule] = {}
    for row in read_table(source, findings).rows:
        item_id = row.get("item_id")
        if not item_id:
            raise findings.refuse("the row has no item_id; give one.", line=row.line, column="item_id")
        if item_id in rules:
            raise findings.refuse(f"item '{item_id}' stands twice; keep one row.", line=row.line, column="item_id")
        rules[item_id] = ItemRule(
            item_id,
            _keys(row),
            _max_score(row, findings),
            competency=row.get("competency"),
            model=row.get("model").lower(),
            anchor=row.get("anchor").lower() in YES,
        )
    return rules


def _max_score(row: Row, findings: Findings) -> int | None:
    text = row.get("max_score")
    if not text:
        return 1 if row.get("key") else None
    whole = text.removesuffix(".0")
    if not whole.isdecimal() or not 1 <= int(whole) <= 126:
        raise findings.refuse(
            f"'{text}' is no whole number from 1 to 126; correct it.", line=row.line, column="max_score"
        )
    return int(whole)


def _keys(row: Row) -> tuple[str, ...]:
    """The right answers; for a multiple choice with several right ones, every way of writing the whole set."""
    keys = split_key(row.get("key"))
    if row.get("type").lower() != "multiple" or not 2 <= len(keys) <= MOST_IN_SET:
        return keys
    orders = [tuple(sorted(keys))] if len(keys) > 4 else list(permutations(keys))
    return tuple(joint.join(order) for order in orders for joint in ("", "|", ",", " ", "+"))


def read_key(source: Source, name: str = "") -> dict[str, str]:
    """A key file `item_id,key` (or `item,key`): what is right for each item.

    Raises:
        FileRefused: for a row without item or key, or an item that stands twice.
    """
    findings = Findings(source_name(source, name), skip_bad=False)
    key: dict[str, str] = {}
    for row in read_table(source, findings).rows:
        item_id, right = row.get("item_id", "item"), row.get("key")
        if not item_id or not right:
            raise findings.refuse("the row lacks an item_id or a key; give both.", line=row.line)
        if item_id in key:
            raise findings.refuse(f"item '{item_id}' stands twice; keep one row.", line=row.line)
        key[item_id] = right
    return key
