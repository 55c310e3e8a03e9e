"""Publications taken down once and kept: they never change, so every process may hold its own copy."""

import asyncio
from dataclasses import dataclass
from functools import cached_property

import msgspec
from cachetools import LRUCache

from engine.designs import Design
from engine.frozen_bank import FrozenBank
from engine.occasion_design import decides_credit, design_for, design_on
from engine.policies.records import Occasion
from engine.selection.plan import Plan, compile_design
from engine.storage import assessments
from engine.storage.assessments import AssessmentVersion
from itembank.answers import check_answer
from itembank.competencies import Framework
from itembank.items import Answer
from itembank.published import thaw_grid, thaw_table
from itembank.scoring import Scored, score
from itembank.storage import bank_versions, frameworks
from itembank.storage import items as item_rows
from itembank.storage.database import Connection
from psychometrics.models.base import ItemParameters

ROOM = 32_000
"""Items of all publications kept, each about 18 kB with its content and its tables."""
SCORES_EACH = 8
"""Scored answers kept, for each item of the bank; 0.4 kB each."""
LONG_ANSWER = 120


@dataclass(frozen=True)
class Publication:
    """An assessment version with the bank it pins and the framework behind it."""

    version: AssessmentVersion
    bank: FrozenBank
    framework: Framework

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """The plan of every occasion."""
        policy = self.version.policy
        return {one.key: plan_of(one, self.bank, decides=decides_credit(policy, one)) for one in policy.occasions}

    def design_of(self, occasion: Occasion) -> Design:
        """The occasion's design, its own or the standard one."""
        decides = decides_credit(self.version.policy, occasion)
        return design_for(occasion, self.bank.n_operational, decides=decides)

    def scored(self, position: int, answer: Answer) -> Scored:
        """The score of an answer to the item at a position; usual ones are worked out once, for they never change.

        Raises:
            AnswerInvalid: when the answer does not fit the item's form.
        """
        key = (position, msgspec.json.encode(answer))
        known = self._scores.get(key)
        if known is None:
            item = self.bank.items[position]
            check_answer(item.content, answer)
            known = score(item.scoring, answer)
            if len(key[1]) < LONG_ANSWER and len(self._scores) < SCORES_EACH * len(self.bank):
                self._scores[key] = known
        return known

    @cached_property
    def _scores(self) -> dict[tuple[int, bytes], Scored]:
        return {}


def plan_of(occasion: Occasion, bank: FrozenBank, *, decides: bool = True) -> Plan:
    """The occasion's design on the bank, ready to run.

    Raises:
        DesignError: when the bank cannot fill it.
    """
    design = design_on(occasion, bank, decides=decides)
    return compile_design(design, bank.pool(design.ability))


class Shelf:
    """The publications used lately, by assessment version id, as many as there is room for; one load serves all who
    wait for it."""

    def __init__(self, room: int = ROOM) -> None:
        self._kept: LRUCache[int, Publication] = LRUCache(room, lambda one: min(len(one.bank), room))
        self._loading = asyncio.Lock()

    def kept(self, assessment_version_id: int) -> Publication | None:
        """The publication, if it is in memory."""
        return self._kept.get(assessment_version_id)

    async def publication(self, connection: Connection, assessment_version_id: int) -> Publication:
        """The publication, from memory or from the database."""
        kept = self._kept.get(assessment_version_id)
        if kept is not None:
            return kept
        async with self._loading:
            if assessment_version_id not in self._kept:
                self._kept[assessment_version_id] = await load_publication(connection, assessment_version_id)
            return self._kept[assessment_version_id]


async def load_publication(connection: Connection, assessment_version_id: int) -> Publication:
    """Read a publication from the database."""
    version = await assessments.get(connection, assessment_version_id)
    bank = await load_bank(connection, version.bank_version_id)
    _, framework = await frameworks.of_bank(connection, (await bank_versions.get(connection, bank.version_id)).bank_id)
    return Publication(version, bank, framework)


async def load_bank(connection: Connection, bank_version_id: int) -> FrozenBank:
    """Read a published bank from the database."""
    version = await bank_versions.get(connection, bank_version_id)
    frozen = await bank_versions.items(connection, bank_version_id)
    stored = await item_rows.versions(connection, [item.item_version_id for item in frozen])
    counting = [item for item in frozen if item.state == "operational"]
    return FrozenBank(
        version_id=version.id,
        version_uuid=str(version.uuid),
        key=version.bank_key,
        number=version.number,
        parameter_version=version.parameter_hash,
        items=tuple(item.item for item in stored),
        item_ids=tuple(item.item_id for item in frozen),
        pretest=tuple(item.state == "pretest" for item in frozen),
        competency=tuple(item.competency for item in counting),
        parameters=ItemParameters.from_records([item.parameters for item in counting]),
        tables=tuple(thaw_table(item.probabilities) for item in counting),
        grid=thaw_grid(version.grid),
        dimensions=tuple(version.correlations["dimensions"]),
        correlations=tuple(tuple(row) for row in version.correlations["correlations"]),
    )
