"""Spare items that were shown often: draw what a sitting may use, and count it when it has ended."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.delivery import eligible_items
from engine.exposure.live import ability_group, draw_sitting, pool_of_sitting
from engine.frozen_bank import FrozenBank
from engine.selection.sitting import Sitting
from engine.sessions import Administered, SessionRow
from engine.storage import exposures, sessions
from engine.storage.attempts import Attempt
from engine.storage.exposures import Place
from engine.workflows.shelf import Publication
from itembank.storage.database import Connection


async def draw_pool(
    connection: Connection,
    publication: Publication,
    attempt: Attempt,
    occasion: str,
    sitting: Sitting,
    tie_key: bytes,
) -> list[int] | None:
    """Bank positions that a sitting about to begin may use, pretest items among them; None for all."""
    plan, bank = publication.plans[occasion], publication.bank
    if plan.design.exposure.method != "eligibility":
        return None
    place = await _place(connection, publication, attempt, occasion, sitting.session_key, None)
    counts = await exposures.find(connection, place, bank.n_operational)
    unseen = np.ones(bank.n_operational, dtype=bool) if sitting.eligible is None else sitting.eligible
    drawn = draw_sitting(plan, counts, unseen, tie_key)
    if drawn is None:
        return None
    return [*np.flatnonzero(drawn).tolist(), *range(bank.n_operational, len(bank))]


class Over(NamedTuple):
    """A sitting that ends, and what it has shown."""

    publication: Publication
    attempt: Attempt
    session: SessionRow
    shown: Sequence[Administered]


async def count_sittings(connection: Connection, institution_id: int, over: Sequence[Over]) -> None:
    """Count what sittings that end have shown: the last statements of their transaction, for the rows are shared."""
    together: dict[tuple[Place, float], list[Over]] = {}
    for one in over:
        place = await _place(
            connection, one.publication, one.attempt, one.session.occasion, one.session.uuid.hex, one.session.id
        )
        fading = one.publication.plans[place.occasion].design.exposure.fading
        together.setdefault((place, fading), []).append(one)
    for place, fading in sorted(together, key=_in_order):
        sittings = together[place, fading]
        bank = sittings[0].publication.bank
        shown = [([item.bank_position for item in one.shown], _usable(bank, one.session)) for one in sittings]
        await exposures.count_all(connection, institution_id, place, shown, n_positions=len(bank), fading=fading)


def _in_order(counted: tuple[Place, float]) -> tuple[object, ...]:
    """Everybody takes the shared rows in the same order, so that nobody waits in a circle."""
    return (*msgspec.structs.astuple(counted[0]), counted[1])


def _usable(bank: FrozenBank, session: SessionRow) -> NDArray[np.bool_]:
    return eligible_items(bank, set(), session.pool)


async def _place(
    connection: Connection,
    publication: Publication,
    attempt: Attempt,
    occasion: str,
    session_key: str,
    session_id: int | None,
) -> Place:
    """The counts that a sitting belongs to; its ability group is that of the estimate before it."""
    plan = publication.plans[occasion]
    theta = plan.design.ability.start_theta
    if plan.design.exposure.theta_bounds:
        earlier = [row for row in await sessions.of_attempt(connection, attempt.id) if row.finished_at is not None]
        earlier = [row for row in earlier if session_id is None or row.id < session_id]
        theta = earlier[-1].theta if earlier else theta
    return Place(
        bank_version_id=publication.bank.version_id,
        assessment_id=attempt.assessment_id,
        occasion=occasion,
        pool=pool_of_sitting(plan, session_key),
        ability_group=ability_group(plan, theta),
    )
