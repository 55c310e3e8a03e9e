"""What a choice is called where only words can stand: in a list to choose from."""

import re
from functools import cache

from lxml import html as lxml_html

NOT_WORDS = re.compile(r"<(img|math|svg|picture|audio|video|table|sub|sup)\b", re.IGNORECASE)


def needs_showing(markup: str) -> bool:
    """Whether words alone lose something of it: a picture, a sound, a formula."""
    return NOT_WORDS.search(markup) is not None


@cache
def in_words(markup: str) -> str:
    """The text of a choice, its pictures and formulas by their descriptions."""
    if "<" not in markup and "&" not in markup:
        return markup
    root = lxml_html.fragment_fromstring(markup, create_parent="div")
    for part in root.iter("img", "math"):
        said = part.get("alt") or part.get("alttext")
        if said:
            part[:], part.text = [], said
    return " ".join("".join(map(str, root.itertext())).split())


def letter(place: int) -> str:
    """A, B … Z, AA: what a choice is called by its place."""
    return chr(65 + place) if place < 26 else letter(place // 26 - 1) + letter(place % 26)
