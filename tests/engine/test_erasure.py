"""Which answers are erased with the person: what was typed, unless it is a number."""

import pytest

from engine.erasure import holds_own_words
from itembank.items import Choice, Interaction, InteractionKind, ItemContent


def content(kind: InteractionKind) -> ItemContent:
    choices = (Choice(key="A"), Choice(key="B"))
    return ItemContent(body="", interactions=(Interaction(kind=kind, response="RESPONSE", choices=choices),))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("choice", "A", False),
        ("order", "B", False),
        ("hotspot", "12 40", False),
        ("text_entry", "12.5", False),
        ("text_entry", "-1 250,75 %", False),
        ("text_entry", "3e-2", False),
        ("text_entry", "Ada", True),
        ("text_entry", "12 Ada Street", True),
        ("text_entry", "4" * 31, True),
        ("extended_text", "I was there.", True),
        ("upload", "photo.png", True),
    ],
)
def test_what_counts_as_own_words(kind: InteractionKind, value: str, expected: bool) -> None:
    assert holds_own_words(content(kind), {"RESPONSE": [value]}) is expected


def test_an_answer_to_nothing_known_is_erased_and_a_blank_is_not() -> None:
    assert holds_own_words(content("choice"), {"OTHER": ["Ada"]})
    assert not holds_own_words(content("text_entry"), {"RESPONSE": []})
    assert not holds_own_words(content("text_entry"), None)
