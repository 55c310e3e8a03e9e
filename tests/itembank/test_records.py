"""Equal items are equal bytes, whichever way their values came about."""

import gc
import json

import msgspec
import pytest

from itembank.exchange.items_file import read_items
from itembank.items import Interaction, Item, ItemContent, ItemScoring, content_hash
from itembank.records import canonical, settled, uncollected


def fresh(text: str) -> str:
    """An equal text that is another object."""
    return "".join(list(text))


def test_a_default_said_aloud_hashes_like_a_default() -> None:
    silent = Item(key="q", content=ItemContent(body="b", interactions=()), scoring=ItemScoring())
    aloud = Item(
        key="q",
        content=ItemContent(body="b", interactions=(), language=fresh("en")),
        scoring=ItemScoring(rule=fresh("match_correct"), points_per_category=float("1.0")),  # type: ignore[arg-type]
    )
    assert silent == aloud
    assert content_hash(settled(aloud)) == content_hash(settled(silent))
    assert canonical(settled(aloud)) == canonical(silent)


def test_it_reaches_inside_and_changes_no_value() -> None:
    deep = ItemContent(
        body="b", interactions=(Interaction(kind="choice", response="R", prompt=fresh("") or "", unit=""),)
    )
    assert settled(deep) == deep
    assert b"language" not in canonical(settled(msgspec.structs.replace(deep, language=fresh("en"))))
    assert settled(deep) is deep


def test_items_of_files_do_not_depend_on_silence() -> None:
    silent, _ = read_items(b"item_id,key,stem,options\nq,A,Stem,1|2\n")
    aloud, _ = read_items(b"item_id,key,stem,options,language,max_score,anchor\nq,A,Stem,1|2,en,1,no\n")
    assert content_hash(silent[0]) == content_hash(aloud[0])
    assert json.loads(canonical(silent[0])) == json.loads(canonical(aloud[0]))


def test_cycles_are_searched_again_when_the_last_has_left() -> None:
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="x"), uncollected():
        raise ValueError("x")
    assert gc.isenabled()


def test_whoever_has_switched_the_search_off_finds_it_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
