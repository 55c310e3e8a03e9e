"""Flags of two sittings: more equal answers than two persons of these abilities give by themselves."""

import numpy as np

from engine.flags.evidence import Evidence
from engine.flags.records import Criteria, Flag, Judged
from engine.messages import message
from psychometrics.similarity import Agreement, agreement, option_likeness


def answer_similarity(evidence: Evidence, criteria: Criteria) -> tuple[list[Flag], Judged]:
    """Pairs of different learners, judged together by Holm's method over every pair that was compared.

    A question that either left blank says nothing about the two: many leave the same ones.
    """
    own = evidence.counting[evidence.letter[evidence.counting] >= 0]
    item, category = evidence.entry[own], evidence.category[own]
    n_items, n_categories = len(evidence.parameters), evidence.parameters.max_categories
    likeness = option_likeness(
        item, category, evidence.option[own], n_items, n_categories, fewest=criteria.fewest_choices
    )  # fmt: skip
    found = agreement(
        evidence.sitting[own], item, category, likeness, evidence.tables[own],
        evidence.parameters.n_categories - 1, group=[one.learner for one in evidence.sittings],
        letter=evidence.letter[own],
        fewest_common=criteria.fewest_common,
    )  # fmt: skip
    from psychometrics.dif.multiplicity import adjust

    every = np.concatenate([found.p, np.ones(found.n_compared - len(found.p))])
    stands = np.flatnonzero(adjust(every, "holm")[: len(found.p)] <= criteria.level)
    flags = [_flag(evidence, found, int(pair)) for pair in stands]
    n_sittings = len(evidence.sittings)
    return flags, Judged(
        kind="answer_similarity", n_judged=found.n_compared,
        n_too_little=n_sittings * (n_sittings - 1) // 2 - found.n_compared, n_flagged=len(flags),
        by_chance=criteria.level,
    )  # fmt: skip


def _flag(evidence: Evidence, found: Agreement, pair: int) -> Flag:
    first, second = int(found.first[pair]), int(found.second[pair])
    common, equal = int(found.n_common[pair]), int(found.n_equal[pair])
    expected, wrong = float(found.expected[pair]), int(found.n_equal_wrong[pair])
    told = message("flag.answer_similarity", n=equal, of=common, expected=round(expected, 1), wrong=wrong)
    drawn = {"common": common, "equal": equal, "equal_wrong": wrong, "expected": round(expected, 2)}
    drawn["minutes_apart"] = round(_apart(evidence, first, second))
    return Flag(
        kind="answer_similarity", value=equal - expected, p=float(found.p[pair]), said=(told,), evidence=drawn,
        sitting=evidence.sittings[first].id, other=evidence.sittings[second].id,
    )  # fmt: skip


def _apart(evidence: Evidence, first: int, second: int) -> float:
    """Minutes between the last answers of the two sittings."""
    return float(abs(evidence.at[evidence.sitting == first].max() - evidence.at[evidence.sitting == second].max()) / 60)
