"""What stands on paper as an answer: letters of choices in the order they were printed, words, numbers.

Several answers to one question are separated by `|`, in the order in which the question asks for them. The letters
follow the order of the sheet, shuffled ones too, for both draw it from the same seed.
"""

import re
from collections.abc import Sequence
from string import ascii_uppercase

from api.pages.items.rendering import shuffled
from api.pages.items.sheet import order_seed
from itembank.errors import AnswerInvalid
from itembank.items import Answer, Interaction, Item

LETTERED = frozenset({"choice", "hottext"})
BETWEEN = "|"
_HOT = re.compile(r'data-hottext="([^"]+)"')


def read_marks(item: Item, occasion: str, marks: str) -> Answer:
    """The answer that these marks are; blank marks are no answer.

    Raises:
        AnswerInvalid: naming the letter or the number of answers that the question does not have.
    """
    asked = answered_parts(item)
    if not marks.strip():
        return {}
    parts = marks.split(BETWEEN) if len(asked) > 1 else [marks]
    if len(parts) != len(asked):
        raise AnswerInvalid(f"There are {len(parts)} answers for {len(asked)} places; put a | between them.")
    answer = {
        interaction.response: _values(interaction, printed_keys(item, interaction, occasion), part)
        for interaction, part in zip(asked, parts, strict=True)
    }
    return {response: values for response, values in answer.items() if values}


def read_sheet(items: Sequence[Item], occasion: str, marks: Sequence[str]) -> list[Answer]:
    """The marks of a whole sheet as answers.

    Raises:
        AnswerInvalid: naming the question, or how many answers lack.
    """
    if len(marks) != len(items):
        raise AnswerInvalid(
            f"The form has {len(items)} questions, but {len(marks)} answers came; blank ones count too."
        )
    answers = []
    for number, (item, text) in enumerate(zip(items, marks), 1):
        try:
            answers.append(read_marks(item, occasion, text))
        except AnswerInvalid as error:
            raise AnswerInvalid(f"Question {number}: {error}") from None
    return answers


def answered_parts(item: Item) -> list[Interaction]:
    """The places of an item that take an answer, in order."""
    return [part for part in item.content.interactions if part.kind not in ("media", "end_attempt")]


def printed_keys(item: Item, interaction: Interaction, occasion: str) -> list[str]:
    """The keys of an interaction's choices in the order of the sheet: the first is A; empty where words are asked."""
    if interaction.kind not in LETTERED:
        return []
    if interaction.kind == "hottext" and (inside := _HOT.findall(item.content.body)):
        return inside
    return [choice.key for choice in shuffled(interaction, order_seed(occasion, item.key))]


def _values(interaction: Interaction, keys: Sequence[str], part: str) -> list[str]:
    if interaction.kind not in LETTERED:
        return [part.strip()] if part.strip() else []
    letters = dict(zip(ascii_uppercase, keys))
    given = [sign for sign in part.upper() if sign.isalnum()]
    for sign in given:
        if sign not in letters:
            raise AnswerInvalid(f"'{part.strip()[:40]}' is no mark here; the letters are A to {max(letters)}.")
    return [letters[sign] for sign in given]


def right_marks(item: Item, occasion: str) -> str:
    """The full-credit answer as it would be marked on the sheet; "" where no single answer is right."""
    correct = {one.identifier: one.correct for one in item.scoring.responses}
    told = []
    for interaction in answered_parts(item):
        values = correct.get(interaction.response, ())
        keys = printed_keys(item, interaction, occasion)
        told.append(" ".join(ascii_uppercase[keys.index(one)] if one in keys else one for one in values))
    return f" {BETWEEN} ".join(told)
