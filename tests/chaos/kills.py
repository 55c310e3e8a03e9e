"""kill −9 of servers and of the database while learners answer."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

from tests.chaos.audit import Verdict, audit
from tests.chaos.learners import answering, longest_waits, wait_for_answers
from tests.chaos.world import World

ANSWERS_BETWEEN = 2
SEAT_LASTS = 4  # kills, until a learner has credit or has seen every item


@dataclass(frozen=True, slots=True)
class Killed:
    """What a series of kills came to. By what was killed: seconds until it stood again, longest waits of learners."""

    verdict: Verdict
    retries: int
    back: dict[str, list[float]]
    waits: dict[str, list[float]]


def kill_series(world: World, n_kills: int, *, n_learners: int = 12, seed: int = 1, victims: str = "sd") -> Killed:
    """Kill `n_kills` times, one of two servers ("s") or the database ("d") by turns; learners go on throughout.

    Before each kill every learner has had answers acknowledged since the last one, and then a moment passes that is
    drawn at random, so that the kill falls anywhere into the taking of an answer.
    """
    rng = random.Random(seed)
    for noted in (world.killed_at, world.back_seconds):
        noted.update(server=[], database=[])
    known = len(world.faults_logged())
    seats = world.seat(n_learners + n_learners * n_kills // SEAT_LASTS)
    with answering(seats, world.ports, n_learners) as learners:
        for number in range(n_kills):
            wait_for_answers(learners, ANSWERS_BETWEEN)
            time.sleep(rng.uniform(0.0, 0.2))
            if victims[number % len(victims)] == "d":
                world.kill_database()
            else:
                world.kill_server(rng.choice(world.ports))
        if n_kills:
            wait_for_answers(learners, 1)
    verdict = asyncio.run(audit(world.dsn, world.institution_id, learners))
    verdict.odd += world.faults_logged()[known:]
    waits = {what: longest_waits(learners, moments) for what, moments in world.killed_at.items()}
    return Killed(verdict, sum(learner.retries for learner in learners), dict(world.back_seconds), waits)
