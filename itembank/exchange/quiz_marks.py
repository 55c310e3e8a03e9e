"""The little languages inside quiz texts: numbered gaps and escaped marks."""

import re

from itembank.errors import BankError

NUMBERED = re.compile(r"\[\[(\d+)\]\]")


def numbered_gaps(text: str, n_words: int) -> tuple[str, list[int]]:
    """Gaps [[3]] [[1]] renumbered in the order of the text, and the word that belongs into each.

    Raises:
        BankError: when a gap names a word that does not exist, or there is no gap.
    """
    numbers: list[int] = []

    def renumber(mark: re.Match[str]) -> str:
        numbers.append(int(mark.group(1)))
        return f"[[{len(numbers)}]]"

    body = NUMBERED.sub(renumber, text)
    if not numbers:
        raise BankError("the text has no gap like [[1]].")
    wrong = next((number for number in numbers if not 1 <= number <= n_words), None)
    if wrong is not None:
        raise BankError(f"the gap [[{wrong}]] names a word that does not exist; there are {n_words}.")
    return body, numbers


def split_marked(text: str, marks: str) -> list[tuple[str, str]]:
    """Cut a text at unescaped marks: (mark, text behind it); what stands before the first mark has the mark ""."""
    parts: list[tuple[str, str]] = []
    mark, current, escaped = "", "", False
    for letter in text:
        if escaped:
            current += "\\" + letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter in marks:
            parts.append((mark, current))
            mark, current = letter, ""
        else:
            current += letter
    parts.append((mark, current + ("\\" if escaped else "")))
    return parts


def unescaped(text: str) -> str:
    r"""The text with \~ \= \# \{ \} \: and \\ standing for themselves and \n for a new line."""
    plain = re.sub(r"\\([~=#{}:\\/])", lambda mark: mark.group(1), text)
    return plain.replace("\\n", "\n").strip()


def percentage(text: str) -> tuple[float | None, str]:
    """A leading %50% as a share of the points, and the rest of the text."""
    mark = re.match(r"\s*%(-?\d+(?:\.\d+)?)%", text)
    if mark is None:
        return None, text
    share = float(mark.group(1)) / 100
    if not -1 <= share <= 1:
        raise BankError(f"%{mark.group(1)}% is not between -100 and 100.")
    return share, text[mark.end() :]
