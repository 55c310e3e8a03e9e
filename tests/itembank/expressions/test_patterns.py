"""Patterns mean what XML Schema says (part 2, appendix F), and take bounded time."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itembank.expressions.patterns import compiled


def fits(pattern: str, text: str) -> bool:
    return compiled(pattern).fullmatch(text) is not None


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        (r"\p{Lu}\p{Ll}*", "Ödön", "ödön"),
        (r"\p{N}{2}", "½٣", "ab"),
        (r"\P{L}+", "12 !", "12a"),
        (r"[\p{L}\d' ]+", "d'été 9", "a_b"),
        (r"\p{IsCyrillic}+", "мир", "mир"),
        (r"[\p{L}-[\p{IsBasicLatin}]]+", "éß", "es"),
        (r"[a-z-[aeiou]]{3}", "xyz", "xay"),
        (r"[^x-z-[ab]]", "c", "a"),
        (r"[a-z-[d-w-[m-o]]]+", "cmoz", "cmpz"),
        (r"\i\c*", "élan:1-a.b", "1élan"),
        (r"\I\C", "1 ", "a "),
        (r"\w+", "Straße😀", "a b"),
        (r"\W", "_", "a"),
        (r"\s+", " \t\r\n", "\u00a0"),
        (r"\S", "\u00a0", " "),
        (r"\D+", "abc", "a٣"),
        (r".{3}", "a\u2028b", "a\nb"),
        (r"[+\-*/]", "-", "\\"),
        (r"[a\]b]+", "a]b", "[]"),
        (r"\t\\\.", "\t\\.", "t\\."),
        (r"(\+|-)?\d{1,3}(,\d{3})*", "-1,234,567", "1,23"),
        (r"a|b", "b", "ab"),
        (r"[\d-x]", "-", "y"),
    ],
)
def test_classes_escapes_and_what_is_taken_off(pattern, fitting, other):
    assert fits(pattern, fitting)
    assert not fits(pattern, other)


def test_anchors_that_authors_write_are_taken_as_such():
    assert fits("^([0-9]{1,5})?$", "123")
    assert fits("^([0-9]{1,5})?$", "")
    assert fits("[0-9]{0,3}$", "12")
    assert not fits("^ab$", "xab")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[z-a]", "backwards"),
        ("[a-z", "not closed"),
        ("[a-z-[a]b]", "must stand last"),
        (r"\p{IsKlingon}", "block 'IsKlingon'"),
        (r"\p{Xx}", "no category"),
        (r"\pL", "lacks the name"),
        ("a" * 1001, "longer than 1000"),
        (r"(?=a)(a+)+b", "for ever"),
        (r"(a*)\1.*.*b", "for ever"),
        ("(a{1,99}){1,99}", "repeats too often"),
        ("(", "regular expression"),
    ],
)
def test_what_cannot_be_read_is_said(pattern, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        compiled(pattern)


@given(st.characters())
def test_categories_agree_with_unicode(character):
    category = unicodedata.category(character)
    assert fits(rf"\p{{{category}}}", character)
    assert fits(rf"\p{{{category[0]}}}", character)
    assert not fits(rf"\P{{{category}}}", character)
    assert fits(r"\w", character) == (category[0] not in "PZC")


@given(st.text("abc[]-^\\pPiIcCdDwWsS{}LuN*+?|(). ", max_size=14), st.text("ab-[ 1", max_size=6))
def test_any_pattern_is_read_or_refused(pattern, text):
    try:
        fitting = fits(pattern, text)
    except ValueError:
        with pytest.raises(ValueError, match="the pattern '"):
            compiled(pattern)
    else:
        assert isinstance(fitting, bool)


@given(st.text("ab(|)*+?{}12,.^$", max_size=12), st.text("ab\n", max_size=8))
def test_patterns_agree_with_matching_by_trial(pattern, text):
    try:
        trial, ours = re.compile(pattern.replace(".", r"[^\n\r]")), compiled(pattern)
    except (re.error, ValueError, OverflowError):
        return
    if not re.search(r"[*+?}][*+?{]|\(\?", pattern) and "\n" not in text:
        assert (ours.fullmatch(text) is not None) == (trial.fullmatch(text) is not None)


RUNAWAY = [
    ("(a+)+", "a" * 499 + "b"),
    ("(a|a)*c", "a" * 500),
    (".*.*.*.*.*.*x", "a" * 500),
    ("(a|aa)+(b|bb)*c", "ab" * 250),
    ("(a?){200}a{200}", "a" * 500),
    (r"([\p{L}]+\s?)*!", "words " * 80),
]


@pytest.mark.parametrize(("pattern", "text"), RUNAWAY)
def test_patterns_that_run_away_elsewhere_end_here(pattern, text):
    begin = time.process_time()
    assert not fits(pattern, text)
    assert time.process_time() - begin < 3


def test_patterns_may_repeat_what_repeats_and_look_around_a_little():
    assert fits(r"(\w+\s?)*!", "one two three!")
    assert fits("([A-Z][a-z]*-?)+", "Ann-Marie")
    assert fits(r"(?=.*\d)(?=.*[a-z])\S{4,8}", "abc1x")
    assert not fits(r"(?=.*\d)(?=.*[a-z])\S{4,8}", "abcdx")
    assert fits("(cat|dog)(,(cat|dog))*", "cat,dog,cat")


def test_long_answers_are_matched_in_no_time():
    begin = time.process_time()
    for _ in range(200):
        fits(r"[\p{L}\p{N}\s.,;:!?'-]+", "the quick brown fox, " * 20)
    assert time.process_time() - begin < 2
