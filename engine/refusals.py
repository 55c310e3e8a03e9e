"""Why something may not be done now, in words, and from when it may."""

from engine.messages import Language, Message, say
from engine.periods import Moment
from itembank.records import Record


class Refusal(Record, frozen=True, kw_only=True):
    """One rule that stands in the way.

    `not_before` is the first moment at which time alone lifts the rule; None means that something must be done first,
    and `sentence` says what. `about` is the occasion or requirement refused; `said` gives the sentence in any
    language; `one_of`: fulfilling any is enough.
    """

    rule: str
    sentence: str
    said: Message
    not_before: Moment | None = None
    about: str = ""
    one_of: tuple["Refusal", ...] = ()


def tell(refused: Refusal, language: Language = "en") -> str:
    """The refusal as a sentence in a language; alternatives follow one after the other."""
    return " ".join([say(refused.said, language), *(tell(part, language) for part in refused.one_of)])


def refusal(rule: str, said: Message, *, not_before: Moment | None = None, about: str = "") -> Refusal:
    """A refusal whose English sentence is rendered from its message."""
    return Refusal(rule=rule, sentence=say(said), said=said, not_before=not_before, about=about)


class JourneyRefused(ValueError):
    """What was asked is against the policy; `refusals` holds each rule with the moment it lifts."""

    def __init__(self, *refusals: Refusal) -> None:
        self.refusals = refusals
        super().__init__(" ".join(refusal.sentence for refusal in refusals))


class PolicyInvalid(ValueError):
    """A policy document that cannot be followed; the message names the place and the remedy."""
