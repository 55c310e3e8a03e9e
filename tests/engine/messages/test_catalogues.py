"""The catalogues hold the same sentences with the same values, and every sentence the engine may say."""

import re
from pathlib import Path

import pytest

from engine.messages import LANGUAGES, Message, MessageUnknown, catalogue, message, placeholders, say

ENGINE = Path(__file__).resolve().parents[3] / "engine"


def test_languages_hold_the_same_keys_and_values() -> None:
    english, french = catalogue("en"), catalogue("fr")
    assert english.keys() == french.keys()
    for key, template in english.items():
        assert placeholders(template) == placeholders(french[key]), key


def test_every_key_in_the_code_has_a_sentence() -> None:
    literal = re.compile(r'message\(\s*f?"([a-z_.{}]+)"')
    known = catalogue("en").keys()
    found = 0
    for path in ENGINE.rglob("*.py"):
        for key in literal.findall(path.read_text(encoding="utf-8")):
            prefix = key.split("{")[0]
            assert key in known or ("{" in key and any(k.startswith(prefix) for k in known)), f"{path.name}: {key}"
            found += 1
    assert found > 20


def test_missing_sentence_and_value_are_named() -> None:
    with pytest.raises(MessageUnknown, match=r"No sentence 'refusal\.nothing'"):
        say(Message(key="refusal.nothing"))
    with pytest.raises(MessageUnknown, match="needs a value 'when'"):
        say(Message(key="refusal.window_closed"))


def test_dates_and_numbers_follow_the_language() -> None:
    from datetime import UTC, datetime

    said = message("refusal.window_closed", when=datetime(2028, 2, 29, 9, 5, tzinfo=UTC))
    assert say(said, "en") == "The assessment closed on 29 February 2028 at 09:05 and does not open again."
    assert "29 février 2028 à 09:05" in say(said, "fr")
    assert set(LANGUAGES) == {"en", "fr"}
