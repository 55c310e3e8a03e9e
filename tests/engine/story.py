"""A short language for journeys: the log of one learner, written step by step, every step through the gate."""

from datetime import datetime
from zoneinfo import ZoneInfo

from engine.admission import admit
from engine.decisions import Decision
from engine.events import (
    ApprovalGiven,
    AttemptOpened,
    AttestationInvited,
    AttestationReceived,
    CreditAwarded,
    CreditRevoked,
    Event,
    FirstItemShown,
    LearningRecorded,
    RuleLifted,
    SittingFinished,
    SittingStarted,
    SittingVoided,
)
from engine.journey import Journey, decide, refusals
from engine.periods import Period
from engine.policies import DecisionRule, Policy, policy_hash, zone_of
from engine.policies.records import occasion_of
from engine.refusals import Refusal
from engine.standing import read_log


def decision(policy: Policy, occasion: str, percent: float, *, passed: bool, version: str = "") -> Decision:
    """A decision as far as the journey looks at it."""
    return Decision(
        passed=passed, theta=(percent - 50) / 20, sem=0.25, percent=float(percent), percent_error=2.0, cut_theta=1.0,
        cut_percent=70.0, margin=(percent - 70) / 20, standard_error=0.25, probability=0.9 if passed else 0.1,
        decision_error=0.1, words="above" if passed else "below", rule=DecisionRule(kind="score"),
        policy_key=policy.key, policy_version=version or policy.version, occasion=occasion,
    )  # fmt: skip


class Story:
    """One learner's log. Times are local wall-clock texts of the policy's zone ("2027-03-14 10:00")."""

    def __init__(self, policy: Policy, opened: str = "2027-01-04 09:00") -> None:
        self.policy = policy
        self.events: tuple[Event, ...] = ()
        self.sittings = 0
        key, version, hashed = policy.key, policy.version, policy_hash(policy)
        self.add(
            AttemptOpened(at=self.at(opened), learner="ada", policy_key=key, policy_version=version, policy_hash=hashed)
        )

    def at(self, text: str, fold: int = 0) -> datetime:
        zone: ZoneInfo = zone_of(self.policy)
        return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)

    def add(self, event: Event) -> None:
        self.events = admit(self.policy, self.events, event)

    def sits(self, occasion: str, text: str, percent: float, *, passes: bool | None = None) -> str:
        """A sitting begun and finished at one moment."""
        self.begins(occasion, text)
        return self.finishes(text, percent, passes=passes)

    def begins(self, occasion: str, text: str) -> str:
        self.sittings += 1
        key = f"s{self.sittings}"
        self.add(SittingStarted(at=self.at(text), sitting=key, occasion=occasion))
        self.add(FirstItemShown(at=self.at(text), sitting=key))
        return key

    def finishes(self, text: str, percent: float, *, passes: bool | None = None) -> str:
        occasion = self.occasion
        cut = next(o.cut.value for o in self.policy.occasions if o.key == occasion)
        verdict = percent >= cut if passes is None else passes
        decided = decision(self.policy, occasion, percent, passed=verdict)
        self.add(SittingFinished(at=self.at(text), sitting=f"s{self.sittings}", decision=decided))
        return f"s{self.sittings}"

    @property
    def occasion(self) -> str:
        started = [event for event in self.events if isinstance(event, SittingStarted)]
        return started[-1].occasion

    def learns(self, text: str, minutes: int = 60, what: str = "learning") -> None:
        self.add(LearningRecorded(at=self.at(text), minutes=minutes, what=what))

    def approved(self, text: str, occasion: str = "post_test") -> None:
        self.add(ApprovalGiven(at=self.at(text), occasion=occasion, by="advisor"))

    def lifted(self, text: str, rule: str, occasion: str = "post_test", period: Period | None = None) -> None:
        event = RuleLifted(
            at=self.at(text), rule=rule, occasion=occasion, by="advisor", reason="illness", period=period
        )
        self.add(event)

    def voided(self, text: str, sitting: str, *, uses_attempt: bool = False) -> None:
        self.add(
            SittingVoided(at=self.at(text), sitting=sitting, by="office", reason="outage", uses_attempt=uses_attempt)
        )

    def rated(self, text: str, ratings: dict[str, str], token_hash: str = "t1", requirement: str = "employer") -> None:
        self.add(AttestationInvited(at=self.at(text), requirement=requirement, token_hash=token_hash))
        received = AttestationReceived(
            at=self.at(text), requirement=requirement, token_hash=token_hash, ratings=ratings
        )
        self.add(received)

    def credited(self, text: str) -> None:
        journey = self.now(text)
        graded = next(o for o in journey.occasions if o.occasion == self.policy.credit.graded_by)
        award = CreditAwarded(
            at=self.at(text), sitting=graded.counting, hours=journey.hours, grade=journey.grade,
            policy_version=self.policy.version,
        )  # fmt: skip
        self.add(award)

    def revoked(self, text: str) -> None:
        self.add(CreditRevoked(at=self.at(text), by="office", reason="error"))

    def now(self, text: str) -> Journey:
        return decide(self.policy, self.events, self.at(text))

    def refused(self, occasion: str, text: str, fold: int = 0) -> tuple[Refusal, ...]:
        chosen, standing = occasion_of(self.policy, occasion), read_log(self.events)
        return tuple(refusals(self.policy, chosen, standing, self.at(text, fold)))

    def rules(self, occasion: str, text: str) -> list[str]:
        return [refusal.rule for refusal in self.refused(occasion, text)]
