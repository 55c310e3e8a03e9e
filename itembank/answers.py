"""Whether an answer fits the form it was asked in: what a learner's browser may send, checked before it is stored."""

from collections import Counter
from collections.abc import Callable

from itembank.errors import AnswerInvalid
from itembank.expressions import logic, numbers
from itembank.expressions.values import Value, truth
from itembank.items import Answer, Choice, Interaction, ItemContent


def check_answer(content: ItemContent, answer: Answer) -> None:
    """Raise AnswerInvalid when the answer could not have been given on the item's own form.

    Blank answers pass: leaving a question out is the learner's right.

    Raises:
        AnswerInvalid: naming the response, the value and what is allowed.
    """
    interactions = {interaction.response: interaction for interaction in content.interactions}
    for identifier, values in answer.items():
        interaction = interactions.get(identifier)
        if interaction is None:
            asked = ", ".join(interactions)
            raise AnswerInvalid(f"The answer names '{identifier}', which this item does not ask for ({asked}).")
        given = [value.strip() for value in values if value.strip()]
        if given and interaction.kind in CHECKS:
            CHECKS[interaction.kind](interaction, given)


def _check_choices(interaction: Interaction, given: list[str]) -> None:
    known = {choice.key for choice in interaction.choices}
    for value in given:
        if value not in known:
            raise AnswerInvalid(f"'{value[:40]}' is none of the choices of '{interaction.response}'.")
    if len(set(given)) < len(given):
        raise AnswerInvalid(f"The answer to '{interaction.response}' names a choice twice; name each once.")
    _check_number(interaction, given, "choices")


def _check_number(interaction: Interaction, given: list[str], what: str) -> None:
    if 0 < interaction.max_choices < len(given):
        raise AnswerInvalid(
            f"The answer to '{interaction.response}' has {len(given)} {what}; "
            f"at most {interaction.max_choices} may be given."
        )
    if len(given) < interaction.min_choices:
        raise AnswerInvalid(
            f"The answer to '{interaction.response}' has {len(given)} {what}; "
            f"at least {interaction.min_choices} are asked for."
        )


def _check_pairs(interaction: Interaction, given: list[str]) -> None:
    """Pairs of known choices, each used no more often than it may be."""
    first = {choice.key: choice for choice in interaction.choices}
    second = {choice.key: choice for choice in interaction.targets or interaction.choices}
    uses: Counter[str] = Counter()
    for value in given:
        pair = value.split()
        if len(pair) != 2 or pair[0] not in first or pair[1] not in second:
            raise AnswerInvalid(f"'{value[:60]}' joins no two choices of '{interaction.response}'; send 'A B'.")
        uses.update(pair)
    _check_uses(interaction, uses, first | second)
    _check_number(interaction, given, "pairs")


def _check_uses(interaction: Interaction, uses: Counter[str], choices: dict[str, Choice]) -> None:
    for key, often in uses.items():
        if 0 < choices[key].match_max < often:
            raise AnswerInvalid(
                f"The answer to '{interaction.response}' uses '{key}' {often} times; "
                f"it may be used {choices[key].match_max} times."
            )


def _check_slider(interaction: Interaction, given: list[str]) -> None:
    for value in given:
        try:
            position = numbers.typed(value)[0]
        except ValueError as failure:
            raise AnswerInvalid(f"The answer to '{interaction.response}' cannot be read: {failure}") from None
        low = interaction.lower is not None and position < numbers.of_float(interaction.lower)
        if low or (interaction.upper is not None and position > numbers.of_float(interaction.upper)):
            bounds = f"{interaction.lower} to {interaction.upper}"
            raise AnswerInvalid(f"{value[:40]} lies outside the slider '{interaction.response}' ({bounds}).")


def _check_points(interaction: Interaction, given: list[str]) -> None:
    for value in given:
        parts = value.split()
        try:
            point = [numbers.exact(part) for part in parts]
        except ValueError:
            point = []
        if len(point) != 2 or not _on_picture(interaction, float(point[0]), float(point[1])):
            raise AnswerInvalid(f"'{value[:40]}' is no point on the picture of '{interaction.response}'; send 'x y'.")
    _check_number(interaction, given, "points")


def _on_picture(interaction: Interaction, x: float, y: float) -> bool:
    picture = interaction.picture
    if picture is None or not picture.width or not picture.height:
        return True
    return 0 <= x <= picture.width and 0 <= y <= picture.height


def _check_text(interaction: Interaction, given: list[str]) -> None:
    for value in given:
        if interaction.pattern and not _fits(value, interaction.pattern):
            asked = interaction.placeholder or interaction.pattern
            raise AnswerInvalid(f"The answer to '{interaction.response}' does not have the asked form ({asked[:60]}).")


def _fits(value: str, pattern: str) -> bool:
    """Whether a text has the asked form; a pattern that cannot be read asks for nothing."""
    try:
        return truth(logic.fits_pattern(Value(base_type="string", atoms=(value,)), pattern)) is True
    except ValueError:
        return True


CHECKS: dict[str, Callable[[Interaction, list[str]], None]] = {
    "choice": _check_choices,
    "inline_choice": _check_choices,
    "hottext": _check_choices,
    "hotspot": _check_choices,
    "order": _check_choices,
    "graphic_order": _check_choices,
    "match": _check_pairs,
    "gap_match": _check_pairs,
    "graphic_gap_match": _check_pairs,
    "associate": _check_pairs,
    "graphic_associate": _check_pairs,
    "slider": _check_slider,
    "select_point": _check_points,
    "position_object": _check_points,
    "text_entry": _check_text,
}
