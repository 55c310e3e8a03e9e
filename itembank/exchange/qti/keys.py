"""Whether what an item calls right can be answered on its own form; what is plainly meant is put right and said."""

from collections.abc import Mapping

import msgspec

from itembank.answers import check_answer
from itembank.errors import AnswerInvalid
from itembank.items import Interaction, ItemContent, ResponseDeclaration


def with_room_for_the_key(
    interaction: Interaction, declared: ResponseDeclaration | None, notes: list[str]
) -> Interaction:
    """An interaction that takes fewer answers than its key names takes as many as the key."""
    if declared is None or declared.cardinality == "single" or not 0 < interaction.max_choices < len(declared.correct):
        return interaction
    if interaction.kind in ("text_entry", "extended_text", "slider", "upload"):
        return interaction
    right = len(declared.correct)
    notes.append(
        f"'{interaction.response}' takes {interaction.max_choices} at most, but its right answer names {right}; "
        f"it takes {right}."
    )
    return msgspec.structs.replace(interaction, max_choices=right)


def with_pairs_either_way(
    declared: ResponseDeclaration, interactions: Mapping[str, Interaction], notes: list[str]
) -> ResponseDeclaration:
    """A key that names the place before the choice, which nobody can answer: then the order says nothing."""
    interaction = interactions.get(declared.identifier)
    if interaction is None or declared.base_type != "directedPair" or not interaction.targets:
        return declared
    choices = {choice.key for choice in interaction.choices}
    places = {target.key for target in interaction.targets}
    stated = [value.split() for value in declared.correct]
    stated += [entry.key.split() for entry in declared.mapping.entries] if declared.mapping is not None else []
    turned = [len(pair) == 2 and pair[0] in places and pair[1] in choices for pair in stated]
    if choices & places or not any(turned):
        return declared
    notes.append(
        f"The key of '{declared.identifier}' names places before choices; its pairs are compared without their order."
    )
    return msgspec.structs.replace(declared, base_type="pair")


def unanswerable(content: ItemContent, responses: tuple[ResponseDeclaration, ...]) -> str:
    """Why the right answer cannot be given on the item's own form; "" when it can.

    Keys that are none of the choices of a multiple choice question are not looked at: `check_item` refuses those.
    """
    asked = {part.response: part for part in content.interactions if part.kind not in ("choice", "inline_choice")}
    for declared in responses:
        interaction = asked.get(declared.identifier)
        if interaction is not None and declared.correct:
            try:
                check_answer(content, {declared.identifier: _as_given(declared, interaction)})
            except AnswerInvalid as failure:
                return str(failure).rstrip(".")
    return ""


def _as_given(declared: ResponseDeclaration, interaction: Interaction) -> list[str]:
    """The right answer as the form sends it: of a pair without order, the choice before its place."""
    if declared.base_type != "pair" or not interaction.targets:
        return list(declared.correct)
    places = {target.key for target in interaction.targets}
    pairs = [value.split() for value in declared.correct]
    return [" ".join(reversed(pair) if pair and pair[0] in places else pair) for pair in pairs]
