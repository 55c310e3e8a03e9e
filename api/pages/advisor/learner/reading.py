"""One learner's attempt as an advisor reads it: competencies with strips, sittings over time, the estimate settling."""

from datetime import datetime

import msgspec
from litestar.exceptions import ClientException

from api.charts import Figure, Line, Mark, line_chart
from api.pages.names import occasion_name
from api.pages.results import NINE_IN_TEN
from api.pages.words import number, translator
from engine.delivery import answers_of
from engine.events import ApprovalGiven, LearningRecorded, RuleLifted
from engine.leeway import Leeway
from engine.messages import Language
from engine.periods import Period
from engine.policies.records import occasion_of
from engine.sessions import Administered
from engine.workflows.advise import Advisee
from engine.workflows.advise_learner import Done


class SittingSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One sitting in a line of the table."""

    occasion: str
    started: datetime
    minutes: int | None
    percent: float | None
    error: float | None
    cut: float | None
    n_items: int | None
    passed: bool | None
    voided: bool


def sittings_of(advisee: Advisee, spoken: Language) -> list[SittingSeen]:
    """The sittings, oldest first."""
    found = []
    for sitting in advisee.journey.sittings:
        decision = sitting.decision
        ended = sitting.ended
        found.append(
            SittingSeen(
                occasion=occasion_name(occasion_of(advisee.publication.version.policy, sitting.occasion), spoken),
                started=sitting.started,
                minutes=None if ended is None else max(round((ended - sitting.started).total_seconds() / 60), 1),
                percent=decision.percent if decision else None, error=decision.percent_error if decision else None,
                cut=decision.cut_percent if decision else None, n_items=decision.n_items if decision else None,
                passed=decision.passed if decision else None, voided=sitting.voided,
            )
        )  # fmt: skip
    return found


def settling(advisee: Advisee, shown: list[Administered], cut_theta: float, spoken: Language) -> Figure | None:
    """How the estimate settled, answer by answer, with the band that holds nine in ten."""
    t = translator(spoken)
    positions, categories = answers_of(shown)
    if len(positions) < 2:
        return None
    scores = [advisee.publication.bank.score(positions[: n + 1], categories[: n + 1]) for n in range(len(positions))]
    steps = [float(n + 1) for n in range(len(scores))]
    line = Line(
        name=t("advisor.estimate"), x=steps, y=[one.theta for one in scores],
        low=[one.theta - NINE_IN_TEN * one.sem for one in scores],
        high=[one.theta + NINE_IN_TEN * one.sem for one in scores],
    )  # fmt: skip
    last = scores[-1]
    return line_chart(
        t("advisor.settling"),
        t(
            "advisor.settling_text", n=len(scores), low=number(spoken, last.theta - NINE_IN_TEN * last.sem, 2),
            high=number(spoken, last.theta + NINE_IN_TEN * last.sem, 2), cut=number(spoken, cut_theta, 2),
        ),
        [line], t("advisor.after_answers"), t("advisor.logits"), levels=[Mark(x=cut_theta, name=t("advisor.cut"))],
        y_range=(-3.0, 3.0), n_rows=len(scores),
    )  # fmt: skip


def over_time(sittings: list[SittingSeen], spoken: Language) -> Figure | None:
    """Score after score with its band; nothing to draw below two of them."""
    t = translator(spoken)
    scored = [one for one in sittings if one.percent is not None and one.error is not None]
    if len(scored) < 2:
        return None
    values = [one.percent or 0.0 for one in scored]
    reach = [NINE_IN_TEN * (one.error or 0.0) for one in scored]
    line = Line(
        name=t("advisor.score"), x=[float(n + 1) for n in range(len(scored))], y=values,
        low=[max(value - one, 0.0) for value, one in zip(values, reach)],
        high=[min(value + one, 100.0) for value, one in zip(values, reach)],
    )  # fmt: skip
    return line_chart(
        t("advisor.over_time"), t("advisor.over_time_text", first=round(values[0]), last=round(values[-1])), [line],
        t("advisor.sitting_n"), t("advisor.percent_axis"),
        levels=[Mark(x=scored[-1].cut or 0.0, name=t("advisor.cut"))], y_range=(0.0, 100.0),
    )  # fmt: skip


def done_of(option: Leeway, reason: str, given: str, by: str, at: datetime) -> Done:
    """The event that a form asks for.

    Raises:
        ClientException: when a number or a reason is missing.
    """
    if option.kind == "approve":
        return ApprovalGiven(at=at, occasion=option.occasion, by=by)
    amount = int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0
    if option.kind == "learning":
        return LearningRecorded(at=at, what=option.rule, minutes=amount, by=by, resource=reason[:500])
    if len(reason) < 3:
        raise ClientException("Say why the rule is lifted; the reason stays in the record.")
    period = None
    if option.most is not None:
        period = Period(days=amount) if amount else option.most
    return RuleLifted(at=at, rule=option.rule, occasion=option.occasion, by=by, reason=reason[:200], period=period)  # type: ignore[arg-type]
