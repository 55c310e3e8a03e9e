"""Equal items are equal bytes, whichever way their values came about."""

import gc
import hashlib
import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from itembank.exchange.items_file import read_items
from itembank.items import (
    Choice,
    Interaction,
    Item,
    ItemContent,
    ItemFacts,
    ItemScoring,
    MapEntry,
    Mapping,
    NumericKey,
    ResponseDeclaration,
    content_hash,
)
from itembank.records import canonical, digest, settled


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


def aloud(value: Any) -> Any:
    """The value with every default written out."""
    if isinstance(value, msgspec.Struct):
        return {name: aloud(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: aloud(part) for key, part in value.items()}
    return [aloud(part) for part in value] if isinstance(value, tuple | list) else value


def naive(value: Any) -> Any:
    """What is to be encoded, without a look at which object it is: fields that equal their default left out."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(type(value))
        defaults = {f.name: f.default_factory() if callable(f.default_factory) else f.default for f in fields}
        said = {name: getattr(value, name) for name in defaults}
        return {name: naive(part) for name, part in said.items() if not same(part, defaults[name])}
    if isinstance(value, dict):
        return {key: naive(part) for key, part in value.items()}
    return [naive(part) for part in value] if isinstance(value, tuple | list) else value


def same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


NUMBERS = st.sampled_from([0.0, 1.0, 0.5]) | st.none()
TEXTS = st.sampled_from(["", "en", "A", "identifier", "a b", "match_correct"]).map(fresh)
MAPPINGS = st.builds(
    Mapping,
    entries=st.lists(st.builds(MapEntry, key=TEXTS, value=st.sampled_from([0.0, 1.0])), max_size=2).map(tuple),
    default=st.sampled_from([0.0, 1.0]),
    lower=NUMBERS,
)
DECLARATIONS = st.builds(
    ResponseDeclaration,
    identifier=TEXTS,
    base_type=st.sampled_from(["identifier", "string", "float"]).map(fresh),
    cardinality=st.sampled_from(["single", "multiple"]).map(fresh),
    correct=st.lists(TEXTS, max_size=2).map(tuple),
    mapping=st.none() | MAPPINGS,
)
ITEMS = st.builds(
    Item,
    key=TEXTS,
    title=TEXTS,
    content=st.builds(
        ItemContent,
        body=TEXTS,
        language=TEXTS,
        interactions=st.lists(
            st.builds(
                Interaction,
                kind=st.just("choice"),
                response=TEXTS,
                prompt=TEXTS,
                shuffle=st.booleans(),
                lower=NUMBERS,
                choices=st.lists(st.builds(Choice, key=TEXTS, content=TEXTS, match_max=st.integers(0, 2))).map(tuple),
                options=st.dictionaries(TEXTS, TEXTS, max_size=2),
            ),
            max_size=2,
        ).map(tuple),
    ),
    scoring=st.builds(
        ItemScoring,
        rule=st.sampled_from(["match_correct", "map_response", "rules"]).map(fresh),
        responses=st.lists(DECLARATIONS, max_size=2).map(tuple),
        numeric=st.lists(st.builds(NumericKey, value=st.just(1.5), tolerance=st.sampled_from([0.0, 0.5]))).map(tuple),
        rules=st.lists(st.just({"op": "match", "args": [{"op": "null"}]}), max_size=1).map(tuple),
        points_per_category=st.sampled_from([1.0, 2.0, 0.5]).map(lambda x: float(str(x))),
        max_category=st.integers(1, 300),
        feedback=st.dictionaries(TEXTS, TEXTS, max_size=2),
    ),
    facts=st.builds(ItemFacts, level=TEXTS, tags=st.lists(TEXTS, max_size=2).map(tuple), usual_seconds=NUMBERS),
)


@given(ITEMS)
def test_only_what_differs_from_its_default_is_written(item: Item) -> None:
    """The quick way over the fields that may hold another object gives what a comparison of all fields gives."""
    assert json.loads(canonical(item)) == naive(item)


@given(ITEMS)
def test_silence_and_speech_are_the_same_bytes(item: Item) -> None:
    said = msgspec.json.decode(json.dumps(aloud(item)), type=Item)
    assert said == item
    assert canonical(said) == canonical(item)
    assert content_hash(said) == content_hash(item)


def test_a_hash_that_was_written_down_stays() -> None:
    """Hashes are kept in banks and in sealed logs; these bytes and this number may never change."""
    (item,), _ = read_items(b"item_id,key,stem,options\nq,A,Stem,1|2\n")
    assert canonical(item.scoring) == b'{"responses":[{"identifier":"RESPONSE","correct":["A"]}]}'
    assert content_hash(item) == "6a36731e1cf835f3d336d0d28eb00450b7b2862b2cdc037fee9143a94571e53b"
    assert digest(b"a", b"bc") == hashlib.sha256(b"\0" * 7 + b"\1a" + b"\0" * 7 + b"\2bc").hexdigest()


def test_the_search_for_cycles_passes_records_over() -> None:
    (item,), _ = read_items(b"item_id,key,stem,options\nq,A,Stem,1|2\n")
    assert not any(map(gc.is_tracked, (item, item.content, item.content.interactions[0], item.scoring, item.facts)))
