"""kill −9 of servers and of the database while learners answer."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.audit import Verdict, audit
from tests.chaos.world import World, answering


@dataclass(frozen=True, slots=True)
class Killed:
    """What a series of kills came to."""

    verdict: Verdict
    servers: int
    databases: int
    retries: int
    server_back: float
    database_back: float


def kill_series(
    n_kills: int, *, n_learners: int = 12, seed: int = 1, pause: float = 0.02, only_database: bool = False,
    **settings: str,
) -> Killed:  # fmt: skip
    """Kill `n_kills` times, one of two servers or the database; learners go on throughout."""
    rng = random.Random(seed)
    counts = {"server": 0, "database": 0}
    with tempfile.TemporaryDirectory(prefix="assay-chaos-") as name:
        world = World(Path(name), n_learners, **settings)
        with world.standing():
            with answering(world, pause) as learners:
                for number in range(n_kills):
                    asyncio.run(asyncio.sleep(rng.uniform(0.2, 0.8)))
                    if only_database or number % 2:
                        world.kill_database()
                        counts["database"] += 1
                    else:
                        world.kill_server(rng.choice(world.ports))
                        counts["server"] += 1
            verdict = asyncio.run(audit(world.dsn, world.institution_id, learners))
            verdict.odd += _faults(Path(name))
            back = {key: statistics.median(seconds or [0.0]) for key, seconds in world.back_seconds.items()}
    retries = sum(learner.retries for learner in learners)
    return Killed(verdict, counts["server"], counts["database"], retries, back["server"], back["database"])


def _faults(folder: Path) -> list[str]:
    """What the servers logged as their own faults, shortened to its end: where to look when an answer was a 500."""
    lines = [line for log in sorted(folder.glob("server-*.log")) for line in log.read_text().splitlines()]
    return [line[-400:] for line in lines if "request failed" in line]
