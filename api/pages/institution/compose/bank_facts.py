"""The banks behind the composer, frozen as a publication would freeze them, and kept by their state."""

import asyncio
from collections import Counter, OrderedDict
from dataclasses import dataclass
from functools import cached_property

from engine.frozen_bank import FrozenBank
from engine.policies.records import Policy, policy_hash
from engine.workflows.publish_assessment import check_policy
from engine.workflows.simulate_assessment import bank_as_it_stands, bank_state
from itembank.storage import banks, frameworks
from itembank.storage.database import Database


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

    def __init__(self, n_banks: int = 4, n_policies: int = 64) -> None:
        self._facts: OrderedDict[tuple[int, str, str], BankFacts] = OrderedDict()
        self._satisfied: OrderedDict[tuple[int, str, str, str], int] = OrderedDict()
        self._n_banks, self._n_policies = n_banks, n_policies

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
            while len(self._facts) > self._n_banks:
                self._facts.popitem(last=False)
        self._facts.move_to_end(key)
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
            while len(self._satisfied) > self._n_policies:
                self._satisfied.popitem(last=False)
        self._satisfied.move_to_end(key)
        return self._satisfied[key]


KNOWN = Known()
