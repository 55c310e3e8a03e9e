"""Publish an assessment: the policy and the bank as they stand, if the bank can satisfy every occasion."""

from engine import CODE_VERSION
from engine.decisions import resolve_cut
from engine.designs import DesignError
from engine.errors import EngineError
from engine.fixed_form import check_forms
from engine.frozen_bank import FrozenBank
from engine.occasion_design import check_cuts_agree, decides_credit
from engine.policies.records import Occasion, Policy
from engine.refusals import PolicyInvalid
from engine.storage import assessments, overrides
from engine.storage.overrides import Override
from engine.workflows.shelf import load_bank, plan_of
from itembank.records import Record
from itembank.storage.database import Database
from itembank.workflows.publish_bank import freeze_bank


class Published(Record, frozen=True, kw_only=True):
    """What was published under which number."""

    assessment: str
    number: int
    bank: str
    bank_version: int
    n_items: int


async def publish_assessment(
    database: Database,
    institution_id: int,
    policy: Policy,
    bank_key: str,
    published_by: int,
    *,
    override: Override | None = None,
) -> Published:
    """Freeze the bank and publish the next version of the assessment.

    `override`: who answers for publishing against warnings, kept with the version.

    Raises:
        BankError: when the bank cannot be frozen.
        PolicyInvalid, DesignError: when an occasion cannot run on this bank; the message says what is missing.
    """
    async with database.transaction(institution_id) as connection:
        bank_version_id = await freeze_bank(connection, institution_id, bank_key)
        bank = await load_bank(connection, bank_version_id)
        check_policy(policy, bank)
        version_id = await assessments.publish(
            connection, institution_id, policy, bank_version_id, CODE_VERSION, published_by
        )
        if override is not None:
            await overrides.add(connection, institution_id, version_id, published_by, override)
        version = await assessments.get(connection, version_id)
    return Published(
        assessment=policy.key, number=version.number, bank=bank_key, bank_version=bank.number, n_items=len(bank)
    )


class Feasible(Record, frozen=True, kw_only=True):
    """A policy that its bank can satisfy, and the items it may draw on."""

    assessment: str
    bank: str
    n_items: int


async def check_assessment(database: Database, institution_id: int, policy: Policy, bank_key: str) -> Feasible:
    """Whether the assessment could be published now; nothing is kept.

    Raises:
        BankError, PolicyInvalid, DesignError: with what is missing.
    """
    async with database.transaction(institution_id, keep=False) as connection:
        bank = await load_bank(connection, await freeze_bank(connection, institution_id, bank_key))
        check_policy(policy, bank)
    return Feasible(assessment=policy.key, bank=bank_key, n_items=len(bank))


def check_policy(policy: Policy, bank: FrozenBank) -> None:
    """Whether every occasion can run on the bank.

    Raises:
        PolicyInvalid, DesignError: naming the occasion, what is missing and how much.
    """
    for name in policy.competencies:
        if name not in bank.competencies:
            raise PolicyInvalid(
                f"The policy measures '{name}', but bank '{bank.key}' has no item for it; "
                f"it measures {', '.join(bank.competencies)}."
            )
    for occasion in policy.occasions:
        try:
            _check_cuts(occasion, bank)
            decides = decides_credit(policy, occasion)
            plan_of(occasion, bank, decides=decides)
            check_forms(occasion, bank, decides=decides)
        except DesignError as error:
            raise DesignError(f"Occasion '{occasion.key}': {error}") from None
        except (PolicyInvalid, EngineError):
            raise
        except ValueError as error:
            raise PolicyInvalid(f"Occasion '{occasion.key}': {error}") from None


def _check_cuts(occasion: Occasion, bank: FrozenBank) -> None:
    resolve_cut(occasion.cut, bank.curve)
    for name, cut in occasion.competency_cuts.items():
        if name not in bank.competency_curves:
            raise PolicyInvalid(
                f"Occasion '{occasion.key}' has a cut for '{name}', but bank '{bank.key}' has no item for it; "
                f"it measures {', '.join(bank.competencies)}."
            )
        resolve_cut(cut, bank.competency_curves[name])
    check_cuts_agree(occasion, bank)
