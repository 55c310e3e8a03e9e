"""Spare items that were shown often: draw what a sitting may use, and count it when it has ended."""

from collections.abc import Sequence

import numpy as np

from engine.delivery import eligible_items
from engine.exposure.live import ability_group, draw_sitting, pool_of_sitting
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


async def count_sitting(
    connection: Connection,
    institution_id: int,
    publication: Publication,
    attempt: Attempt,
    session: SessionRow,
    shown: Sequence[Administered],
) -> None:
    """Count what a sitting that ends has shown: the last statement of its transaction, for the row is shared."""
    plan, bank = publication.plans[session.occasion], publication.bank
    place = await _place(connection, publication, attempt, session.occasion, session.uuid.hex, session.id)
    await exposures.count(
        connection, institution_id, place, shown=[item.bank_position for item in shown],
        eligible=eligible_items(bank, set(), session.pool).tolist(), n_positions=len(bank),
        fading=plan.design.exposure.fading,
    )  # fmt: skip


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
