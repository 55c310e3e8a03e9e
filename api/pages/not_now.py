"""What may not be started now, by which rules and from when, in words."""

from engine.journey import Journey
from engine.messages import Language, say
from engine.refusals import Refusal, tell

QUIET = frozenset({"already_passed", "already_credited", "sitting_open"})
NOT_TAKEN = "refusal.not_taken"


def not_now(journey: Journey, spoken: Language) -> dict[str, list[list[str]]]:
    """What may not be started now: for each occasion its rules, each a sentence followed by the ways to meet it.

    An occasion that runs or is passed needs no explanation; where another comes first, that alone is said.
    """
    running = {permission.occasion for permission in journey.may}
    found: dict[str, list[Refusal]] = {}
    for refusal in journey.refused:
        if refusal.about not in running and refusal.rule not in QUIET:
            found.setdefault(refusal.about, []).append(refusal)
    return {
        occasion: [
            [say(refusal.said, spoken), *(tell(part, spoken) for part in refusal.one_of)]
            for refusal in [r for r in refused if r.said.key == NOT_TAKEN] or refused
        ]
        for occasion, refused in found.items()
    }
