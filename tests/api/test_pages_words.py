"""Words of the pages: every language says everything, with the same places, and no page asks for what is not there."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.pages.words import FOLDER, WordsMissing, catalogue, day, language_of, number, words
from engine.messages import LANGUAGES, placeholders

PAGES = FOLDER.parent
ASKED = re.compile(r"""(?<![\w.])(?:t|words)\(\s*(?:language,\s*|spoken,\s*)?["']([a-z0-9_.-]+)["']\s*[,)]""")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_holds_the_same_keys_and_places(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)  # type: ignore[arg-type]
    assert set(other) == set(english)
    for key, forms in english.items():
        places = {name for form in forms.values() for name in placeholders(form)}
        theirs = {name for form in other[key].values() for name in placeholders(form)}
        assert theirs == places, key


def test_every_language_has_the_same_files() -> None:
    files = [{file.name for file in (FOLDER / language).glob("*.toml")} for language in LANGUAGES]
    assert all(names == files[0] for names in files)


def test_every_key_that_a_page_asks_for_exists() -> None:
    known = set(catalogue("en"))
    asked = {
        (path.relative_to(PAGES), key)
        for path in [*PAGES.rglob("*.html"), *PAGES.rglob("*.py")]
        for key in ASKED.findall(path.read_text("utf-8"))
    }
    assert len(asked) > 40
    assert sorted((str(path), key) for path, key in asked if key not in known) == []


def test_no_template_holds_a_sentence_of_its_own() -> None:
    """What stands between tags is a tag of the template language, a name or a sign; words come from catalogues."""
    names = {"Assay", "narrow", "wide", "sitting", "JSON", "PDF", "SVG", "PNG", "JWT", "CSV", "TOML", "·"}
    strangers = []
    for path in PAGES.rglob("*.html"):
        bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", " ", path.read_text("utf-8"), flags=re.DOTALL)
        bare = re.sub(r"<(style|script)\b.*?</\1>", " ", bare, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", " ", bare)
        strangers += [(path.name, word) for word in re.findall(r"[A-Za-zÀ-ÿ]{3,}", text) if word not in names]
    assert strangers == []


def test_missing_words_are_an_error_and_not_a_gap() -> None:
    with pytest.raises(WordsMissing, match=r"nowhere\.to\.be"):
        words("en", "nowhere.to.be")
    with pytest.raises(WordsMissing, match="clock"):
        words("en", "date_and_time", day="5 March")


def test_n_chooses_the_form_as_the_language_counts() -> None:
    assert words("en", "display.granted.pauses", n=1, minutes=5).startswith("One break")
    assert words("en", "display.granted.pauses", n=2, minutes=5).startswith("2 breaks")
    assert words("fr", "display.granted.pauses", n=1, minutes=5).startswith("Une pause")


def test_numbers_and_dates_follow_the_language() -> None:
    assert number("fr", 0.6) == "0,6"
    assert number("en", 12.0) == "12"
    assert number("en", 40.0, 0) == "40"
    assert day("fr", datetime(2026, 3, 1, tzinfo=UTC)) == "1er mars 2026"
    assert day("en", datetime(2026, 3, 1, tzinfo=UTC)) == "1 March 2026"


@pytest.mark.parametrize(
    "accepted, expected",
    [("fr-CA,fr;q=0.9,en;q=0.8", "fr"), ("de,en;q=0.5,fr;q=0.7", "fr"), ("de", "en"), ("", "en"), (";;;q=x", "en")],
)
def test_the_browser_chooses_the_language(accepted: str, expected: str) -> None:
    assert language_of(accepted) == expected


def test_pages_are_found() -> None:
    assert Path(PAGES / "layout" / "page.html").exists()
