"""Which items to trust, which to look at and which to leave out, with the reasons in words.

Bounds: mean squares between 0.7 and 1.3 for tests with consequences (Wright & Linacre 1994, Rasch Measurement
Transactions 8:3); S-X² is called at p < 0.001 and looked at below 0.01, since among hundreds of items some fall below
0.05 by chance alone (Orlando & Thissen 2000, Applied Psychological Measurement 24).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from api.pages.words import number, words
from engine.messages import Language
from itembank.records import Record

Colour = Literal["green", "amber", "red"]
ORDER: tuple[Colour, ...] = ("green", "amber", "red")
MEAN_SQUARES = (0.7, 1.3)
FAR_MEAN_SQUARES = (0.5, 1.7)
P_LOOK, P_CALL = 0.01, 0.001
WIDE_ERROR = 0.35
FEW = 150


class Light(Record, frozen=True, kw_only=True):
    """The colour and why; a green light has no reasons."""

    colour: Colour
    reasons: tuple[str, ...] = ()


def light_of(record: Mapping[str, Any], language: Language = "en") -> Light:
    """What to do about an item of a calibration document."""
    found = list(_reasons(record, language))
    worst = max((ORDER.index(colour) for colour, _ in found), default=0)
    return Light(colour=ORDER[worst], reasons=tuple(sentence for _, sentence in found))


def _reasons(record: Mapping[str, Any], language: Language) -> Iterator[tuple[Colour, str]]:
    status = str(record.get("status") or "")
    if status.startswith("not calibrated"):
        yield "red", _sentence(status)
        return
    slope = record.get("discrimination")
    if slope is not None and slope <= 0:
        yield "red", words(language, "report.why.negative")
    for remark in status.split("; ")[1:]:
        if not remark.startswith(("negative discrimination", "check the key")):
            yield "amber", _sentence(remark)
    n = record.get("n_responses")
    if n is not None and n < FEW:
        yield "amber", words(language, "report.why.few", n=int(n), least=FEW)
    error = (record.get("standard_error") or {}).get("difficulty")
    if isinstance(error, float | int) and error > WIDE_ERROR:
        yield "amber", words(language, "report.why.error", error=number(language, float(error), 2))
    yield from _misfit(record.get("fit") or {}, language)


def _misfit(fit: Mapping[str, Any], language: Language) -> Iterator[tuple[Colour, str]]:
    p = fit.get("p")
    if p is not None and p < P_LOOK:
        shown = "0.0001" if p < 0.0001 else f"{p:.4f}"
        yield ("red" if p < P_CALL else "amber"), words(language, "report.why.s_x2", p=shown)
    for name in ("infit", "outfit"):
        value = fit.get(name)
        if value is None or MEAN_SQUARES[0] <= value <= MEAN_SQUARES[1]:
            continue
        far = not FAR_MEAN_SQUARES[0] <= value <= FAR_MEAN_SQUARES[1]
        key = "noisy" if value > 1 else "too_tidy"
        colour: Colour = "red" if far and value > 1 else "amber"
        yield colour, words(language, f"report.why.{key}", name=name, value=number(language, float(value), 2))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
