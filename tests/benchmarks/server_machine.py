"""What processes use: processor time and memory, from /proc."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident_mb(pid: int) -> float:
    """Memory of a process in RAM, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@dataclass(frozen=True, slots=True)
class Meter:
    """Processor time of the server, of PostgreSQL's processes (by id) and of the load generator, so far."""

    server: float
    database: dict[int, float]
    generator: float

    @classmethod
    def read(cls, servers: Sequence[int], postmaster: int) -> Meter:
        """Now; of several server processes their sum."""
        own = sum(os.times()[:2])
        return cls(sum(map(cpu_seconds, servers)), {pid: cpu_seconds(pid) for pid in children(postmaster)}, own)

    def since(self, before: Meter, n_answers: float) -> str:
        """Microseconds an answer, in words."""
        database = sum(used - before.database.get(pid, 0.0) for pid, used in self.database.items())
        used = (self.server - before.server, database, self.generator - before.generator)
        server, database, generator = (seconds / max(n_answers, 1.0) * 1e6 for seconds in used)
        return f"CPU an answer: server {server:.0f} us, PostgreSQL {database:.0f} us, load generator {generator:.0f} us"
