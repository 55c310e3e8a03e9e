"""Which answers say something in a person's own words, and so are erased with the person.

A choice, an order, a point on a picture or a number says nothing about who gave it; typed text may hold a name. The
category an answer was scored as stays in either case, and with it the decision can be recomputed.
"""

import re

from itembank.items import Answer, Interaction, ItemContent

NUMBER = re.compile(r"\s*[-+]?[0-9][0-9.,\s]*(?:[eE][-+]?[0-9]+)?\s*%?\s*")
LONGEST_NUMBER = 30
TYPED = frozenset({"text_entry", "extended_text", "upload", "drawing", "portable_custom", "custom", "media"})


def holds_own_words(content: ItemContent, answer: Answer | None) -> bool:
    """Whether any value of the answer was typed, drawn or sent in, and is not just a number."""
    if answer is None:
        return False
    asked = {part.response: part for part in content.interactions}
    return any(_own(asked.get(response), value) for response, values in answer.items() for value in values)


def _own(asked: Interaction | None, value: str) -> bool:
    if asked is not None and asked.kind not in TYPED:
        return False
    return not (len(value) <= LONGEST_NUMBER and NUMBER.fullmatch(value))
