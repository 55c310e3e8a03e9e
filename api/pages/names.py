"""What occasions, competencies and lengths of time are called on a page."""

from collections.abc import Callable
from typing import Any

from engine.messages import Language, catalogue
from engine.periods import Period
from engine.policies.records import Occasion, Policy
from itembank.competencies import Competency, Framework

Say = Callable[..., str]


def occasion_name(occasion: Occasion | str, language: Language) -> str:
    """An occasion inside a sentence: the catalogue's word, the author's title, or the key."""
    key = occasion if isinstance(occasion, str) else occasion.key
    known = catalogue(language).get(f"word.{key}")
    if known is not None:
        return known
    title = "" if isinstance(occasion, str) else occasion.title
    return title or key.replace("_", " ")


def namer(policy: Policy, language: Language) -> Callable[[str], str]:
    """What a policy's occasions are called, by key."""
    known = {occasion.key: occasion for occasion in policy.occasions}
    return lambda key: occasion_name(known.get(key, key), language)


def period_words(period: Period, t: Say) -> str:
    """5 days, or 1 month and 12 hours."""
    amounts = (("months", period.months), ("days", period.days), ("hours", period.hours))
    return t("period.and").join(t(f"period.{unit}", n=n) for unit, n in amounts if n)


def competencies_of(policy: Policy, framework: Framework) -> list[Competency]:
    """The competencies an assessment speaks about, in the framework's order; all leaves where the policy names none."""
    by_key = {competency.key: competency for competency in framework.competencies}
    if policy.competencies:
        return [by_key.get(key, Competency(key=key, statement=key)) for key in policy.competencies]
    parents = {competency.parent for competency in framework.competencies}
    return [competency for competency in framework.competencies if competency.key not in parents]


def short_name(competency: Competency) -> str:
    """A competency's title, or its statement."""
    return competency.title or competency.statement


def minutes_words(seconds: float, t: Say) -> str:
    """A length of time in whole minutes, or in seconds below one."""
    if seconds < 60:
        return t("period.seconds", n=int(seconds))
    return t("period.minutes", n=int(seconds // 60))


def dictionary(framework: Framework) -> dict[str, Any]:
    """Competency key -> its short name."""
    return {competency.key: short_name(competency) for competency in framework.competencies}
