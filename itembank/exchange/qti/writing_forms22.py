"""Which questions the schema of QTI 2.2 knows, and what stands for the rest: its sliders begin at zero or above, its
uploads name one type of file. What is not said stands in the extras of the package, so nothing is lost on the way back.
"""

import msgspec

from itembank.items import Interaction


def form_in_22(interaction: Interaction) -> Interaction:
    """The nearest question that 2.2 has; a slider that runs below zero is asked as a number, its range in words."""
    ends = [end for end in (interaction.lower, interaction.upper, interaction.step) if end is not None]
    if interaction.kind == "slider" and any(end < 0 for end in ends):
        words = f"{interaction.prompt}<p>{interaction.lower:g} … {interaction.upper:g}</p>"
        return Interaction(kind="text_entry", response=interaction.response, prompt=words)
    if interaction.kind == "upload" and len(interaction.options.get("type", "").split()) > 1:
        others = {name: value for name, value in interaction.options.items() if name != "type"}
        return msgspec.structs.replace(interaction, options=others)
    return interaction
