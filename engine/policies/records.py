"""The policy of an assessment as a record; what does not fit together is refused with the place and the remedy."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from engine.designs import Design
from engine.periods import Moment, Period
from engine.policies.gates import AnyOf, Gate, Learning, Passed, Taken
from itembank.records import Record, canonical, digest

Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Logit = Annotated[float, msgspec.Meta(ge=-6, le=6)]
Probability = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class ThetaCut(Record, frozen=True, kw_only=True, tag_field="scale", tag="theta"):
    """The cut in logits."""

    value: Logit
    standard_error: float = 0.0


class PercentCut(Record, frozen=True, kw_only=True, tag_field="scale", tag="percent"):
    """The cut as the expected percent of the bank's domain; it becomes theta through the characteristic curve."""

    value: Percent
    standard_error: float = 0.0


class StandardSettingCut(Record, frozen=True, kw_only=True, tag_field="scale", tag="standard_setting"):
    """What a standard-setting panel found: the cut, its standard error, how and by whom."""

    value: float
    standard_error: Annotated[float, msgspec.Meta(ge=0)]
    unit: Literal["theta", "percent"] = "theta"
    method: str = ""
    panel: str = ""


Cut = ThetaCut | PercentCut | StandardSettingCut


class DecisionRule(Record, frozen=True, kw_only=True):
    """`score`: the score reaches the cut, on the cut's scale. `probability`: P(theta ≥ cut) is at least `at_least`."""

    kind: Literal["score", "probability"] = "probability"
    at_least: Probability = 0.65
    every_competency: bool = True


class GradeBand(Record, frozen=True, kw_only=True):
    """From `minimum` upwards the grade is `grade`."""

    minimum: float
    grade: str


class GradeMap(Record, frozen=True, kw_only=True):
    """Bands on a scale, highest first; without bands the grade is the percent itself.

    `percent` counts from 0 to 100; `margin_percent` and `margin_theta` count from the cut.
    """

    scale: Literal["percent", "margin_percent", "margin_theta"] = "percent"
    bands: tuple[GradeBand, ...] = ()
    below: str = ""


class Occasion(Record, frozen=True, kw_only=True):
    """A kind of sitting: what is asked, what passes, how often and after what it may be sat.

    `per`: the maximum holds for each period of this length, counted from its first sitting. `score_valid`: a score
    counts for this long. `after_pass`: whether it may be sat again once passed. `forms`: what it may be delivered as.
    """

    key: Key
    cut: Cut
    title: str = ""
    competency_cuts: dict[str, Cut] = {}
    decision: DecisionRule = DecisionRule()
    blueprint: str = ""
    design: Design | None = None
    time_limit_minutes: Positive | None = None
    forms: tuple[Literal["adaptive", "print", "large_print", "oral"], ...] = ("adaptive",)
    maximum: Positive | None = None
    per: Period | None = None
    counts: Literal["first", "last", "highest"] = "highest"
    score_valid: Period | None = None
    gates: tuple[Gate, ...] = ()
    after_pass: Literal["closed", "open"] = "closed"


class Eligibility(Record, frozen=True, kw_only=True):
    """Who may start: members of one of the programmes, holders of credit for all prerequisites, between two moments."""

    programmes: tuple[str, ...] = ()
    prerequisites: tuple[str, ...] = ()
    opens: Moment | None = None
    closes: Moment | None = None


class Disclosure(Record, frozen=True, kw_only=True):
    """What a learner is told before the start."""

    delivery_mode: str = ""
    usual_minutes: Positive | None = None
    cost: str = ""
    language: str = "en"
    proctoring: str = ""
    notes: str = ""


class AttestationRequirement(Record, frozen=True, kw_only=True):
    """A rating by somebody outside (an employer) that must stand beside the tests.

    `ratings` runs from the lowest to the highest word; every competency (empty: every one of the policy) must reach
    `minimum`. The rater enters it once, through a link that works for `link_valid`.
    """

    key: Key
    role: str
    ratings: tuple[str, ...]
    minimum: str
    competencies: tuple[str, ...] = ()
    link_valid: Period = Period(days=30)
    valid: Period | None = None


class Lift(Record, frozen=True, kw_only=True):
    """What an advisor may lift: a `rule` of an `occasion`, `times` times; a wait by at most `most` (None: wholly)."""

    rule: Literal["wait", "attempts", "learning", "passed", "taken"]
    occasion: str
    times: Positive = 1
    most: Period | None = None


class Credit(Record, frozen=True, kw_only=True):
    """What passing earns: exact hours, for the occasions in `needs`; the grade comes from `graded_by`."""

    hours: Decimal
    needs: tuple[str, ...] = ("post_test",)
    graded_by: str = "post_test"
    grades: GradeMap = GradeMap()


class Policy(Record, frozen=True, kw_only=True):
    """Everything that decides about credit for one module, under one version."""

    key: Key
    title: str
    occasions: tuple[Occasion, ...]
    credit: Credit
    version: str = "1"
    follows: str = ""
    time_zone: str = "UTC"
    competencies: tuple[str, ...] = ()
    eligibility: Eligibility = Eligibility()
    disclosure: Disclosure = Disclosure()
    attestations: tuple[AttestationRequirement, ...] = ()
    lifts: tuple[Lift, ...] = ()

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ValueError(problem)


def _problems(policy: Policy) -> Iterator[str]:
    keys = [occasion.key for occasion in policy.occasions]
    if not _is_zone(policy.time_zone):
        yield f"time_zone '{policy.time_zone}' is no IANA time zone; write one like America/New_York."
    if not keys:
        yield "occasions is empty; describe at least the post_test."
    for key in keys:
        if keys.count(key) > 1:
            yield f"occasions: '{key}' stands twice; keep one."
    if not policy.credit.needs:
        yield "credit.needs is empty; name the occasion that must be passed, or credit would be given for nothing."
    for place, named in _occasions_named(policy):
        if named not in keys:
            yield f"{place} names the occasion '{named}', which occasions does not hold ({', '.join(keys)})."
    yield from _credit_problems(policy)
    for requirement in policy.attestations:
        yield from _attestation_problems(requirement, policy)
    for occasion in policy.occasions:
        yield from _occasion_problems(occasion, policy)


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name).key)
    except (OSError, ValueError, LookupError):
        return False


def _occasions_named(policy: Policy) -> Iterator[tuple[str, str]]:
    yield from (("credit.needs", key) for key in policy.credit.needs)
    yield "credit.graded_by", policy.credit.graded_by
    yield from (("lifts", lift.occasion) for lift in policy.lifts)
    for occasion in policy.occasions:
        for gate in flat(occasion.gates):
            place = f"occasions.{occasion.key}.gates"
            if isinstance(gate, Passed | Taken):
                yield place, gate.occasion
            if isinstance(gate, Learning):
                yield from ((place, key) for key in gate.since)


def flat(gates: tuple[Gate, ...]) -> Iterator[Gate]:
    """Every gate, those inside `any_of` too."""
    for gate in gates:
        yield gate
        if isinstance(gate, AnyOf):
            yield from flat(gate.gates)


def _credit_problems(policy: Policy) -> Iterator[str]:
    hours = policy.credit.hours
    if not hours.is_finite() or not Decimal(0) < hours <= Decimal(60):
        yield f"credit.hours is {hours}; write a number above 0 and at most 60, such as 0.6."
    if policy.credit.graded_by not in policy.credit.needs:
        yield f"credit.graded_by '{policy.credit.graded_by}' must be one of credit.needs."
    minima = [band.minimum for band in policy.credit.grades.bands]
    if minima != sorted(set(minima), reverse=True):
        yield "credit.grades.bands must fall from the highest minimum to the lowest, without repeats."


def _attestation_problems(requirement: AttestationRequirement, policy: Policy) -> Iterator[str]:
    place = f"attestations.{requirement.key}"
    if [other.key for other in policy.attestations].count(requirement.key) > 1:
        yield f"{place} stands twice; keep one."
    if len(set(requirement.ratings)) != len(requirement.ratings):
        yield f"{place}.ratings repeats a word; every rating must differ."
    if requirement.minimum not in requirement.ratings:
        yield f"{place}.minimum '{requirement.minimum}' is none of its ratings ({', '.join(requirement.ratings)})."
    for key in requirement.competencies:
        if policy.competencies and key not in policy.competencies:
            yield f"{place} names the competency '{key}', which competencies does not hold."


def _occasion_problems(occasion: Occasion, policy: Policy) -> Iterator[str]:
    place = f"occasions.{occasion.key}"
    if not occasion.forms:
        yield f"{place}.forms is empty; 'adaptive' is usual."
    if occasion.per is not None and occasion.maximum is None:
        yield f"{place}.per needs a maximum: so many sittings in each period."
    if isinstance(occasion.cut, StandardSettingCut):
        low, high = (-6.0, 6.0) if occasion.cut.unit == "theta" else (0.0, 100.0)
        if not low <= occasion.cut.value <= high:
            yield f"{place}.cut.value is {occasion.cut.value}; in {occasion.cut.unit} it lies between {low} and {high}."
    for gate in flat(occasion.gates):
        if gate.to_attempt is not None and gate.to_attempt < gate.from_attempt:
            yield f"{place}.gates: to_attempt {gate.to_attempt} lies before from_attempt {gate.from_attempt}."
        if isinstance(gate, AnyOf) and not gate.gates:
            yield f"{place}.gates: any_of needs at least one gate."
    for key in occasion.competency_cuts:
        if policy.competencies and key not in policy.competencies:
            yield f"{place}.competency_cuts names '{key}', which competencies does not hold."


def occasion_of(policy: Policy, key: str) -> Occasion:
    """The occasion of that key; a ValueError names those there are."""
    for occasion in policy.occasions:
        if occasion.key == key:
            return occasion
    known = ", ".join(occasion.key for occasion in policy.occasions)
    raise ValueError(f"The policy '{policy.key}' has no occasion '{key}'; it has {known}.")


def zone_of(policy: Policy) -> ZoneInfo:
    """The institution's time zone."""
    return ZoneInfo(policy.time_zone)


def policy_bytes(policy: Policy) -> bytes:
    """The bytes that are hashed: canonical JSON as it reads after storage, where a cut of 50 is 50.0."""
    stored = msgspec.json.decode(canonical(policy), type=Policy)
    return canonical(stored)


def policy_hash(policy: Policy) -> str:
    """SHA-256 over the canonical bytes: two policies with the same hash decide alike."""
    return digest(policy_bytes(policy))
