"""What a learner is sent, without the words that the sample bank's authors wrote for learners to read."""

import html
import re
from typing import Any


def texts_of(document: Any) -> str:
    """Every name and every value of a JSON document, one a line."""
    if isinstance(document, dict):
        return "\n".join(f"{name}\n{texts_of(value)}" for name, value in document.items())
    if isinstance(document, list):
        return "\n".join(map(texts_of, document))
    return str(document)


def besides_questions(sent: str, rows: list[dict[str, Any]]) -> str:
    """What was sent, without what the authors of these rows wrote to be read."""
    sent = html.unescape(sent)
    texts = [text for row in rows for text in (row["stem"], *row.get("options", ()))]
    written = {words for text in texts for words in re.split(r"<[^>]*>", html.unescape(text)) if len(words) > 5}
    for words in sorted(written, key=len, reverse=True):  # a short one may be part of a longer one
        sent = sent.replace(words, " ")
    return sent
