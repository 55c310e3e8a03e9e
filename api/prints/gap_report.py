"""The gap report on paper: the words of the result page, in its order."""

from typing import Any

from api.pages.names import occasion_name
from api.pages.not_now import not_now
from api.pages.results import GROUPS, Found, how_decided, lead, reach
from api.pages.words import day, translator
from api.prints.typesetting import Sheet
from engine.gap_report.report import CompetencyPart
from engine.gap_report.sentences import rendered
from engine.messages import Language
from engine.policies.records import zone_of
from itembank.competencies import Resource


def gap_report_sheet(found: Found, spoken: Language) -> Sheet:
    """The sheet of a learner's result, dated by the sitting that it speaks of."""
    t = translator(spoken)
    policy = found.view.publication.version.policy
    said = rendered(found.report, spoken)
    ended = (found.last.ended or found.view.now).astimezone(zone_of(policy))
    passed = "result.passed" if found.decision.passed else "result.not_passed"
    parts = [_part(part, words) for part, words in zip(found.report.parts, said["parts"])]
    return Sheet(
        template="gap_report.typ", language=spoken, title=t("result.title", title=policy.title),
        author=found.institution.name, dated=ended,
        values={
            "whose": f"{found.person.name} · {found.institution.name} · {day(spoken, ended)}",
            "verdict": t(passed, occasion=occasion_name(found.last.occasion, spoken)),
            "lead": lead(found, spoken),
            "credit": _credit(found, spoken),
            "shown_heading": t("result.shown_heading"),
            "overall": f"{said['overall']} {t('result.strip_key')}",
            "groups": [
                {"heading": t(f"result.group.{key}"), "parts": chosen}
                for key, states in GROUPS
                if (chosen := [part for part in parts if part["key"] in states])
            ],
            "numbers": _numbers(parts, spoken),
            "steps_heading": t("result.steps", n=len(said["next_steps"])),
            "steps": [
                words | {"resources": [_resource(one, spoken) for one in step.resources]}
                for words, step in zip(said["next_steps"], found.report.next_steps)
            ],
            "next_heading": t("result.next_heading"),
            "next": _next(found, spoken, said["next_attempt"]),
            "how_heading": t("result.how_heading"),
            "how": how_decided(found, spoken),
        },
    )  # fmt: skip


def _part(part: CompetencyPart, said: dict[str, str]) -> dict[str, Any]:
    low, high = reach(part.percent, part.percent_error)
    sentences = [said["gap"]]
    if part.change is not None and part.change.reliable:
        sentences.append(said["change"])
    if part.state != "met":
        sentences += [said["meaning"]] if "meaning" in said else []
    small = [said[key] for key in ("basis", "worth") if key in said]
    return {
        "name": part.title, "key": part.state, "state": said["state"], "percent": round(part.percent), "low": low,
        "high": high, "cut": round(part.cut_percent), "sentences": sentences, "small": " ".join(small),
    }  # fmt: skip


def _numbers(parts: list[dict[str, Any]], spoken: Language) -> dict[str, Any]:
    t = translator(spoken)
    return {
        "caption": t("result.table"),
        "head": [t(f"result.{key}") for key in ("competency", "state", "shown", "range", "needed")],
        "rows": [
            [part["name"], part["state"], f"{part['percent']} %", f"{part['low']}–{part['high']} %", f"{part['cut']} %"]
            for part in parts
        ],
    }


def _credit(found: Found, spoken: Language) -> list[str]:
    credit = found.credit
    if credit is None or credit.revoked_at is not None:
        return []
    t = translator(spoken)
    return [
        t("result.credit", n=float(credit.hours)),
        f"{t('result.grade')} {credit.grade}",
        f"{t('result.receipt')} {credit.uuid}",
    ]


def _resource(resource: Resource, spoken: Language) -> dict[str, str]:
    minutes = "" if not resource.minutes else f" ({translator(spoken)('period.minutes', n=resource.minutes)})"
    url = resource.url if resource.url.startswith(("https://", "http://")) else ""
    return {"title": f"{resource.title}{minutes}", "url": url}


def _next(found: Found, spoken: Language, otherwise: str) -> list[str]:
    """What may be started now, else what stands in the way."""
    t, journey = translator(spoken), found.view.journey
    open_now = [
        t("attempt.open", occasion=occasion_name(permission.occasion, spoken))
        for permission in journey.may
        if permission.action == "start"
    ]
    reasons = [" ".join(rule) for rules in not_now(journey, spoken).values() for rule in rules]
    return [f"{sentence}." for sentence in open_now] or reasons or [otherwise]
