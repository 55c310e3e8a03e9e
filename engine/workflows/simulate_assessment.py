"""Simulate an assessment before anybody sits it: every occasion's design on the bank as it stands."""

from collections.abc import Callable

import msgspec

from engine.decisions import resolve_cut
from engine.designs import Design
from engine.frozen_bank import FrozenBank
from engine.occasion_design import decides_credit, design_on
from engine.policies.records import Occasion, Policy
from engine.simulation.report import SimulationReport
from engine.workflows.publish_assessment import check_policy
from engine.workflows.shelf import load_bank
from itembank.records import digest
from itembank.storage import banks, calibrations
from itembank.storage import items as item_rows
from itembank.storage.database import Connection, Database
from itembank.workflows.publish_bank import freeze_bank


async def bank_as_it_stands(database: Database, institution_id: int, bank_key: str) -> FrozenBank:
    """The bank as a publication would freeze it now; nothing is kept.

    Raises:
        BankError: when it cannot be frozen.
    """
    async with database.transaction(institution_id, keep=False) as connection:
        return await load_bank(connection, await freeze_bank(connection, institution_id, bank_key))


async def bank_state(connection: Connection, bank_key: str) -> str:
    """A hash that changes with every edit, state or calibration of a bank; empty where there is none."""
    bank = await banks.find(connection, bank_key)
    if bank is None:
        return ""
    heads = await item_rows.heads(connection, bank.id)
    calibration = await calibrations.latest(connection, bank.id)
    parameters = "" if calibration is None else calibration.parameter_hash
    parts = [f"{head.key} {head.state} {head.content_hash}".encode() for head in heads.values()]
    return digest(parameters.encode(), *sorted(parts))


def simulate_policy(
    policy: Policy,
    bank: FrozenBank,
    *,
    n_persons: int,
    seed: int,
    attempts: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SimulationReport:
    """Every occasion on the same simulated learners, decided as the policy decides.

    Raises:
        PolicyInvalid, DesignError: when an occasion cannot run on the bank.
    """
    from engine.simulation.simulate import Bank, simulate

    check_policy(policy, bank)
    designs = [decided_as(one, bank, decides=decides_credit(policy, one)) for one in policy.occasions]
    shelf = Bank(items=bank.parameters, competency=bank.competency, attributes=bank.attributes)
    return simulate(designs, shelf, n_persons=n_persons, seed=seed, attempts=attempts, progress=progress)


def decided_as(occasion: Occasion, bank: FrozenBank, *, decides: bool = True) -> Design:
    """The occasion's design with the cut and the rule by which the policy decides, under the occasion's name."""
    design = design_on(occasion, bank, decides=decides)
    rule = occasion.decision
    decision = msgspec.structs.replace(
        design.decision,
        cut_theta=(resolve_cut(occasion.cut, bank.curve).theta,),
        credit_probability=rule.at_least if rule.kind == "probability" else None,
    )
    return msgspec.structs.replace(design, name=occasion.key, decision=decision)
