"""Four states, each no stronger than the evidence.

*met* and *not yet* are said only when the probability of being right is at least 0.92, so that over many learners more
than nine in ten such statements are true whatever the length of the test, with a margin for the error of the item
parameters. Where the correlations of the competencies are assumed, it must be so at both ends of what they may be: a
set of priors instead of one (Berger 1990, Journal of Statistical Planning and Inference 25). *likely met* leans to
mastery with at least 0.65. Everything between is *not enough evidence*: somebody near the cut, or a competency with few
answers. A competency without a single answer of its own is never *met* or *not yet*, however surely the others hint at
it.
"""

from typing import Literal

State = Literal["met", "likely_met", "not_yet", "not_enough_evidence"]

SURE = 0.92
UNSURE = 0.08
LIKELY = 0.65


def state_of(probability: float, n_answers: int, *, lowest: float | None = None, highest: float | None = None) -> State:
    """The state for a probability of mastery and the number of answers to the competency's own items.

    lowest, highest: what the probability may be under other correlations of the competencies; None = as it is.
    """
    if n_answers > 0 and (probability if lowest is None else lowest) >= SURE:
        return "met"
    if n_answers > 0 and (probability if highest is None else highest) <= UNSURE:
        return "not_yet"
    return "likely_met" if probability >= LIKELY else "not_enough_evidence"
