"""Spare items that were shown often: draw what a sitting may use, and count what finished ones have shown."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.delivery import eligible_items
from engine.exposure.live import ability_group, draw_sitting, pool_of_sitting
from engine.selection.sitting import Sitting
from engine.storage import exposures, sessions
from engine.storage.attempts import Attempt
from engine.storage.exposures import Place, Uncounted
from engine.workflows.shelf import Publication, Shelf
from itembank.storage.database import Connection

AT_A_TIME = 500
"""Sittings counted by one statement."""

_Counted = tuple[list[int], NDArray[np.bool_], int]


async def draw_pool(
    connection: Connection,
    institution_id: int,
    shelf: Shelf,
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
    await count_finished(connection, institution_id, shelf)
    place = await _place(
        connection, publication, attempt.id, attempt.assessment_id, occasion, sitting.session_key, None
    )
    counts = await exposures.find(connection, place, bank.n_operational)
    unseen = np.ones(bank.n_operational, dtype=bool) if sitting.eligible is None else sitting.eligible
    drawn = draw_sitting(plan, counts, unseen, tie_key)
    if drawn is None:
        return None
    return [*np.flatnonzero(drawn).tolist(), *range(bank.n_operational, len(bank))]


async def count_finished(connection: Connection, institution_id: int, shelf: Shelf) -> None:
    """Count what finished sittings have shown, for whoever is about to read the counts.

    The end of a sitting writes its own rows alone: counts are shared, and learners would queue for them.
    """
    while True:
        finished = await exposures.uncounted(connection, institution_id, AT_A_TIME)
        await _count(connection, institution_id, shelf, finished)
        if len(finished) < AT_A_TIME:
            return


async def _count(connection: Connection, institution_id: int, shelf: Shelf, finished: Sequence[Uncounted]) -> None:
    together: dict[tuple[Place, float], list[_Counted]] = {}
    for one in finished:
        publication = await shelf.publication(connection, one.assessment_version_id)
        place = await _place(
            connection, publication, one.attempt_id, one.assessment_id, one.occasion, one.uuid.hex, one.id
        )
        fading = publication.plans[place.occasion].design.exposure.fading
        usable = eligible_items(publication.bank, set(), one.pool)
        together.setdefault((place, fading), []).append((one.shown, usable, len(publication.bank)))
    for place, fading in sorted(together, key=_in_order):
        counted = together[place, fading]
        shown = [(positions, usable) for positions, usable, _ in counted]
        await exposures.count_all(connection, institution_id, place, shown, n_positions=counted[0][2], fading=fading)
    await exposures.mark_counted(connection, [one.id for one in finished])


def _in_order(counted: tuple[Place, float]) -> tuple[object, ...]:
    """Everybody takes the shared rows in the same order, so that nobody waits in a circle."""
    return (*msgspec.structs.astuple(counted[0]), counted[1])


async def _place(
    connection: Connection,
    publication: Publication,
    attempt_id: int,
    assessment_id: int,
    occasion: str,
    session_key: str,
    session_id: int | None,
) -> Place:
    """The counts of a sitting, or of one about to begin (no id); its ability group is that of the estimate before."""
    plan = publication.plans[occasion]
    theta = plan.design.ability.start_theta
    if plan.design.exposure.theta_bounds:
        earlier = [row for row in await sessions.of_attempt(connection, attempt_id) if row.finished_at is not None]
        earlier = [row for row in earlier if session_id is None or row.id < session_id]
        theta = earlier[-1].theta if earlier else theta
    return Place(
        bank_version_id=publication.bank.version_id,
        assessment_id=assessment_id,
        occasion=occasion,
        pool=pool_of_sitting(plan, session_key),
        ability_group=ability_group(plan, theta),
    )
