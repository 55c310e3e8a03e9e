"""The banks behind the composer, frozen as a publication would freeze them, and kept by their state."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from cachetools import LRUCache

from engine.frozen_bank import FrozenBank
from engine.policies.records import Policy, policy_hash
from engine.workflows.publish_assessment import check_policy
from engine.workflows.simulate_assessment import bank_as_it_stands, bank_state
from itembank.storage import banks, frameworks
from itembank.storage.database import Database

BANKS, POLICIES = 4, 64
"""How many are kept."""


@dataclass(frozen=True)
class BankFacts:
    """A bank in one state, with the titles of its competencies."""

    frozen: FrozenBank
    state: str
    titles: dict[str, str]

    @cached_property
    def n_items(self) -> Counter[str]:
        """How many operational items each competency has."""
        return Counter(self.frozen.competency)

    @property
    def competencies(self) -> tuple[str, ...]:
        return self.frozen.competencies


class Known:
    """Banks by their state, and the policies that each can satisfy: the same two always satisfy each other."""

    def __init__(self) -> None:
        self._facts: LRUCache[tuple[int, str, str], BankFacts] = LRUCache(BANKS)
        self._satisfied: LRUCache[tuple[int, str, str, str], int] = LRUCache(POLICIES)

    async def bank(self, database: Database, institution_id: int, bank_key: str) -> BankFacts:
        """The bank as it stands.

        Raises:
            BankError: when it cannot be frozen.
        """
        async with database.transaction(institution_id) as connection:
            state = await bank_state(connection, bank_key)
            found = await banks.find(connection, bank_key)
            framework = None if found is None else (await frameworks.of_bank(connection, found.id))[1]
        key = (institution_id, bank_key, state)
        if key not in self._facts:
            frozen = await bank_as_it_stands(database, institution_id, bank_key)
            listed = () if framework is None else framework.competencies
            titles = {one.key: one.title or one.key for one in listed}
            self._facts[key] = BankFacts(frozen=frozen, state=state, titles=titles)
        return self._facts[key]

    async def n_items(self, institution_id: int, policy: Policy, facts: BankFacts) -> int:
        """On how many items the policy can run.

        Raises:
            PolicyInvalid, DesignError: with what is missing.
        """
        key = (institution_id, facts.frozen.key, facts.state, policy_hash(policy))
        if key not in self._satisfied:
            await asyncio.to_thread(check_policy, policy, facts.frozen)
            self._satisfied[key] = len(facts.frozen)
        return self._satisfied[key]


KNOWN = Known()
