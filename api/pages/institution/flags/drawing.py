"""Pictures of a flag's numbers, as they were when it was raised."""

from collections.abc import Sequence
from typing import Any

from api.charts import Dots, Figure, Line, Mark, line_chart
from api.pages.words import words
from engine.flags.records import Criteria
from engine.messages import Language
from engine.storage.flags import KeptFlag

DOT = 4.0
RESIDUALS = (-4.0, 4.0)


def figures_of(flag: KeptFlag, language: Language) -> list[Figure]:
    """The pictures that belong to the kind of flag; none for a pair, whose few numbers stand in a list."""
    drawn = flag.evidence
    match flag.kind:
        case "rapid_guessing":
            return [_times(drawn, language)]
        case "time_aberrance":
            return [_residuals(drawn, language)]
        case "person_misfit":
            return [_answers(drawn, language)]
        case "leak_alarm" | "item_drift":
            return [_sum(drawn, language), _shares(drawn, language)]
        case _:
            return []


def _dots(name: str, y: Sequence[float]) -> Dots:
    return Dots(name=name, x=_counted(y), y=list(y), size=[DOT] * len(y))


def _counted(values: Sequence[float]) -> list[float]:
    return [float(place) for place in range(1, len(values) + 1)]


def _chart(language: Language, key: str, lines: list[Line], across: str, **more: Any) -> Figure:
    def t(name: str) -> str:
        return words(language, f"flags.draw.{name}")

    return line_chart(t(f"{key}_title"), t(f"{key}_text"), lines, t(across), t(f"{key}_axis"), n_rows=60, **more)


def _times(drawn: dict[str, Any], language: Language) -> Figure:
    limits = Line(name=words(language, "flags.draw.limit"), x=_counted(drawn["limits"]), y=drawn["limits"])
    dots = _dots(words(language, "flags.draw.seconds"), drawn["seconds"])
    highest = max([*drawn["seconds"], *drawn["limits"], 1.0])
    return _chart(language, "times", [limits], "answer", dots=[dots], y_range=(0.0, highest))


def _residuals(drawn: dict[str, Any], language: Language) -> Figure:
    pace = Line(
        name=words(language, "flags.draw.pace"), x=_counted(drawn["residual"]), y=[0.0] * len(drawn["residual"])
    )
    low, high = RESIDUALS
    reach = (min(low, *drawn["residual"]), max(high, *drawn["residual"]))
    dots = _dots(words(language, "flags.draw.residual"), drawn["residual"])
    return _chart(language, "residuals", [pace], "answer", dots=[dots], y_range=reach)


def _answers(drawn: dict[str, Any], language: Language) -> Figure:
    ordered = sorted(zip(drawn["expected"], drawn["share"], strict=True), reverse=True)
    expected, share = [pair[0] for pair in ordered], [pair[1] for pair in ordered]
    line = Line(name=words(language, "flags.draw.expected"), x=_counted(expected), y=expected)
    dots = _dots(words(language, "flags.draw.given"), share)
    return _chart(language, "answers", [line], "easiest", dots=[dots], y_range=(0.0, 1.0))


def _sum(drawn: dict[str, Any], language: Language) -> Figure:
    limit = Criteria().leak_limit
    path = Line(name=words(language, "flags.draw.cusum"), x=_floats(drawn["answer"]), y=drawn["cusum"])
    level = Mark(x=limit, name=words(language, "flags.draw.alarm"))
    reach = (0.0, max(limit * 1.1, *drawn["cusum"]))
    return _chart(language, "cusum", [path], "nth_answer", levels=[level], y_range=reach)


def _shares(drawn: dict[str, Any], language: Language) -> Figure:
    x = _floats(drawn["answer"])
    lines = [
        Line(name=words(language, "flags.draw.observed"), x=x, y=drawn["observed"]),
        Line(name=words(language, "flags.draw.expected"), x=x, y=drawn["expected"], second=True),
    ]
    return _chart(language, "shares", lines, "nth_answer", y_range=(0.0, 1.0))


def _floats(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values]
