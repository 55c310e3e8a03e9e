"""Numbers as people and files write them, kept exact: 0.1 + 0.2 is 0.3 here."""

import re
from fractions import Fraction

_STRICT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_GROUPED_BY_COMMA = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")
_GROUPED_BY_POINT = re.compile(r"\d{1,3}((\.\d{3}){2,}|(\.\d{3})+(?=,))(,\d*)?")
_GROUPED_BY_SPACE = re.compile(r"\d{1,3}([ '’_]\d{3})+([.,]\d*)?")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2},\d{3}")
_LONGEST = 400
_PART_OF_A_NUMBER = re.compile(r"\d|^[-+.,'’_ ]*$")
LARGEST = Fraction(10**300)
CURRENCIES = ("€", "$", "£", "¥")


def exact(text: str) -> Fraction:
    """The number a file states ("3", "-0.5", "1e-3"), exactly.

    Raises:
        ValueError: when the text is no decimal number of reasonable length.
    """
    stripped = text.strip()
    if len(stripped) > _LONGEST or not _STRICT.fullmatch(stripped):
        raise ValueError(f"'{text[:40]}' is not a number; write it like 3.5 or 1e-3.")
    read = Fraction(stripped)
    if abs(read) > LARGEST:
        raise ValueError(f"'{text[:40]}' is too large a number.")
    return read


def of_float(value: float) -> Fraction:
    """The decimal a float was written as (0.1 means one tenth, not its nearest binary fraction)."""
    return Fraction(repr(float(value)))


def typed(text: str) -> tuple[Fraction, ...]:
    """What a person may mean by a typed number: "3,5", "1 234,5", "1,234.5", "−2"; units are taken off before.

    A comma before exactly three digits ("1,234") has two readings, thousands first; everything else has one.

    Raises:
        ValueError: when the text cannot be read as a number.
    """
    cleaned = _cleaned(text)
    sign = cleaned[:1] if cleaned[:1] in ("+", "-") else ""
    body = cleaned[len(sign) :].lstrip()
    readings = [exact(sign + _plain(body))]
    if _AMBIGUOUS.fullmatch(body):
        readings.append(exact(sign + body.replace(",", ".")))
    return tuple(readings)


def without_unit(text: str, unit: str) -> str:
    """A typed number without the unit that stands before or behind it: "5 kg", "17%", "€8000".

    Only the unit that the item declares is taken off (a word of more than three letters in any case), so "5 g" where
    kilograms are asked stays unreadable instead of being five kilograms. Without a declared unit a percent sign behind
    or a sign of currency on either side is taken off. The number is never converted.
    """
    stripped = _cleaned(text)
    for mark in (unit,) if unit else ("%", *CURRENCIES):
        if _PART_OF_A_NUMBER.search(mark):
            continue
        width = len(mark)
        if _same_unit(stripped[-width:], mark) and len(stripped) > width:
            return stripped[:-width].rstrip()
        sign = stripped[:1] if stripped[:1] in ("+", "-") else ""
        rest = stripped[len(sign) :].lstrip()
        if mark != "%" and _same_unit(rest[:width], mark) and len(rest) > width:
            return sign + rest[width:].lstrip()
    return stripped


def _same_unit(given: str, unit: str) -> bool:
    return given == unit or (len(unit) > 3 and given.casefold() == unit.casefold())


def _cleaned(text: str) -> str:
    spaced = text.replace("−", "-").replace("–", "-").translate(dict.fromkeys(map(ord, "\u00a0\u202f\u2009"), " "))
    return spaced.strip()


def _plain(body: str) -> str:
    """A typed number without its separators of thousands and with a point before the decimals."""
    if _GROUPED_BY_COMMA.fullmatch(body):
        return body.replace(",", "")
    if _GROUPED_BY_POINT.fullmatch(body):
        return body.replace(".", "").replace(",", ".")
    if _GROUPED_BY_SPACE.fullmatch(body):
        return re.sub(r"[ '’_]", "", body).replace(",", ".")
    return body.replace(",", ".") if body.count(",") == 1 and "." not in body else body


def written(value: Fraction) -> str:
    """A number as QTI writes it: digits alone when whole, else the shortest decimal that reads as the same float."""
    if value.denominator == 1 and abs(value.numerator) < 10**15:
        return str(value.numerator)
    try:
        return repr(float(value))
    except OverflowError:
        return "INF" if value > 0 else "-INF"


def round_half_away(value: Fraction, decimals: int) -> Fraction:
    """Rounded to `decimals` places, a 5 going away from zero (QTI roundTo)."""
    scale = Fraction(10) ** decimals
    scaled = abs(value) * scale + Fraction(1, 2)
    rounded = Fraction(scaled.numerator // scaled.denominator) / scale
    return rounded if value >= 0 else -rounded


def round_significant(value: Fraction, figures: int) -> Fraction:
    """Rounded to `figures` significant figures, a 5 going away from zero."""
    return value if value == 0 else round_half_away(value, figures - 1 - magnitude(value))


def magnitude(value: Fraction) -> int:
    """The power of ten of the first significant digit: 2 for 345, -2 for 0.012."""
    size = abs(value)
    power = len(str(size.numerator)) - len(str(size.denominator))
    while size >= Fraction(10) ** (power + 1):
        power += 1
    while size < Fraction(10) ** power:
        power -= 1
    return power
