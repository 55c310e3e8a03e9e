"""Whether a form can be made of an item's interactions: something to choose from, each choice and answer told apart."""

from collections import Counter
from collections.abc import Iterable, Iterator

from itembank.items import Choice, Interaction

MOST_CHOICES = 1_000
OFFERING = frozenset(
    {"choice", "inline_choice", "order", "hottext", "hotspot", "graphic_order", "associate", "graphic_associate"}
)
JOINING = frozenset({"match", "gap_match", "graphic_gap_match"})
NOT_ASKING = ("end_attempt", "media")


def unaskable(interactions: Iterable[Interaction]) -> Iterator[str]:
    """Why no form can be made of them, a clause each."""
    asking = [interaction for interaction in interactions if interaction.kind not in NOT_ASKING]
    for response, often in Counter(interaction.response for interaction in asking).items():
        if often > 1:
            yield f"{often} of its interactions answer the same response '{response}'"
    for interaction in asking:
        yield from _without_choices(interaction)
        yield from _confused(interaction, interaction.choices)
        yield from _confused(interaction, interaction.targets)


def _without_choices(interaction: Interaction) -> Iterator[str]:
    if interaction.kind in OFFERING | JOINING and not interaction.choices:
        yield f"'{interaction.response}' offers nothing to choose from"
    elif interaction.kind in JOINING and not interaction.targets:
        yield f"'{interaction.response}' has no place to put its choices"


def _confused(interaction: Interaction, choices: tuple[Choice, ...]) -> Iterator[str]:
    if len(choices) > MOST_CHOICES:
        yield f"'{interaction.response}' offers {len(choices)} choices, more than the {MOST_CHOICES} a form can show"
        return
    for key, often in Counter(choice.key for choice in choices).items():
        if not key.strip():
            yield f"'{interaction.response}' offers a choice without an identifier"
        elif often > 1:
            yield f"'{interaction.response}' has {often} choices called '{key[:60]}'"
