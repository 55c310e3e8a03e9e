"""What staff may do in a walk: strike, withdraw, revoke, erase."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from engine.errors import EngineError, Unknown
from engine.refusals import JourneyRefused
from engine.workflows.erase_person import NotAsked, ask_erasure, erase_person
from engine.workflows.issue_credential import revoke_credit
from engine.workflows.rescore_item import Asked, apply_rescoring
from engine.workflows.void_sitting import void_sitting
from tests.chaos.learner_rules import LearnerRules
from tests.chaos.walker import is_here


class StaffRules(LearnerRules):
    """Staff who meddle while somebody sits."""

    @precondition(lambda self: bool(self.sat))
    @rule(which=st.integers(0, 10**6), uses_attempt=st.booleans())
    def void(self, which: int, uses_attempt: bool) -> None:
        sat, before = self.sat[which % len(self.sat)], self.view()
        work = void_sitting(
            self.stage.database, self.stage.shelf, self.stage.institution, self.stage.staff, "registrar", self.attempt,
            sat.uuid, "planted", uses_attempt=uses_attempt,
        )  # fmt: skip
        try:
            self.stage.run(work)
        except JourneyRefused:
            assert sat.is_voided or before.credit is not None
            return
        assert not sat.is_voided
        sat.is_voided, sat.screen = True, None
        self.stage.reached["voided"] += 1

    @precondition(lambda self: any(sat.given and sat.screen is None for sat in self.sat))
    @rule(which=st.integers(0, 10**6), hold_harmless=st.booleans())
    def withdraw_an_item(self, which: int, hold_harmless: bool) -> None:
        sat = [one for one in self.sat if one.given and one.screen is None][-1]
        item = sat.items[which % len(sat.given)]
        before = self.view()
        asked = Asked(bank="pressed", item=item, kind="withdraw", reason="planted", hold_harmless=hold_harmless)
        try:
            self.stage.run(
                apply_rescoring(
                    self.stage.database, self.stage.shelf, self.stage.institution, self.stage.staff, "registrar",
                    "R. Gistrar", asked,
                )
            )  # fmt: skip
        except EngineError:
            assert item in self.stage.withdrawn
            return
        self.stage.withdrawn.add(item)
        self.stage.reached["withdrawn"] += 1
        if hold_harmless and before.credit is not None:
            assert self.view().credit is not None

    @rule()
    def revoke(self) -> None:
        had = self.view().credit is not None
        work = revoke_credit(
            self.stage.database, self.stage.shelf, self.stage.institution, self.attempt, self.stage.staff, "registrar",
            "planted",
        )  # fmt: skip
        try:
            self.stage.run(work)
        except Unknown:
            assert not had
            return
        assert had
        assert self.view().credit is None
        self.stage.reached["revoked"] += 1

    @precondition(is_here)
    @rule(whether=st.integers(0, 3))
    def erase(self, whether: int) -> None:
        """Nobody is erased during a sitting or without asking; whoever is, is gone by name, and the record stands."""
        ask = self.stage.database, self.stage.institution, self.learner
        self.stage.run(ask_erasure(*ask))
        who = self.stage.run(self.stage.uuid(self.learner))
        if self.is_running():
            with pytest.raises(EngineError, match="is running"):
                self.stage.run(erase_person(*ask[:2], who))
        if whether or self.is_running():
            self.stage.run(ask_erasure(*ask, withdraw=True))
        if whether and not self.is_running():
            with pytest.raises(NotAsked):
                self.stage.run(erase_person(*ask[:2], who))
        if whether or self.is_running():
            return
        assert self.stage.run(erase_person(*ask[:2], who)).answers_emptied == 0, (
            "a choice says nothing about who made it"
        )
        assert not self.stage.run(self.stage.is_named(self.learner))
        self.is_erased = True
        self.stage.reached["erased"] += 1
