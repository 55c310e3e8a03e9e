"""10,000 sittings recomputed under other processors' instructions: are record, selections and gap reports the same?

A bank of 300 items is frozen once and stored as a publication stores it, and 10,000 learners sit the standard test on
it, item by item as a live sitting does. Then other processes, each with other instructions allowed to numpy and other
kernels and threads for OpenBLAS, load tables and answers and recompute, as `assay replay` does, every decision
(compared by its bytes), every choice of every fourth sitting, and the numbers of every tenth gap report (within 1e-9).

Run: python -m tests.recovery.replay_dispatch [sittings]
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from engine.delivery import decide_outcome, next_of, sitting_of
from engine.frozen_bank import FrozenBank
from engine.occasion_design import design_on
from engine.policies import Policy, occasion_of
from engine.policies.documents import read_policy
from engine.selection.next_item import NextItem, select_next
from engine.selection.plan import Plan, compile_design
from engine.sessions import Administered
from engine.workflows.report_gaps import evidence, targets_of
from itembank.records import canonical, digest
from tests.engine.frozen import frozen_bank

N, CHOICES, REPORTS = 10_000, 4, 10
COMPETENCIES = ("averages", "chance", "sampling", "spreadsheets", "tables")
AT = datetime(2027, 1, 4, tzinfo=UTC)
POLICY = """
key = "dispatch"
title = "Dispatch"
[[occasions]]
key = "post_test"
cut = { scale = "theta", value = 0.2 }
[credit]
hours = "1"
"""
EVERY_KERNEL = {
    "as it comes": {},
    "one thread": {"OPENBLAS_NUM_THREADS": "1"},
    "Haswell kernels": {"OPENBLAS_CORETYPE": "Haswell"},
    "Prescott kernels, two threads": {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "2"},
    "SkylakeX kernels": {"OPENBLAS_CORETYPE": "SkylakeX"},
}

Answers = list[tuple[int, int]]
"""Bank positions and categories, in the order of a sitting."""


def settings() -> dict[str, dict[str, str]]:
    """What to run under: every kernel, and numpy without the instructions that this machine has beyond the oldest."""
    from numpy._core import _multiarray_umath as built

    usable = [name for name in built.__cpu_dispatch__ if built.__cpu_features__.get(name)]
    found = dict(EVERY_KERNEL)
    for place in range(len(usable)):
        without = usable[place:]
        found[f"numpy without {' '.join(without)}"] = {"NPY_DISABLE_CPU_FEATURES": " ".join(without)}
    return found


def uuid_of(number: int) -> UUID:
    return UUID(int=number, version=4)


def shown_of(bank: FrozenBank, answers: Answers) -> list[Administered]:
    return [
        Administered(
            position=place, bank_position=item, item_id=bank.item_ids[item], is_pretest=False, shown_at=AT,
            category=category,
        )
        for place, (item, category) in enumerate(answers)
    ]  # fmt: skip


def plan_on(policy: Policy, bank: FrozenBank) -> Plan:
    design = design_on(policy.occasions[0], bank)
    return compile_design(design, bank.pool(design.ability))


def sit(policy: Policy, bank: FrozenBank, plan: Plan, number: int) -> Answers:
    """One learner's sitting, live."""
    rng = np.random.default_rng([9, number])
    theta, answers = rng.normal(), []
    while True:
        now = sitting_of(uuid_of(number), bank, shown_of(bank, answers), seen=set(), pool=None, seconds=0.0)
        following = next_of(plan, now)
        if not isinstance(following, NextItem):
            return answers
        slope, place = bank.parameters.discrimination[following.item], bank.parameters.difficulty[following.item]
        answers.append((following.item, int(rng.random() < 1 / (1 + np.exp(-slope * (theta - place))))))


def recompute(bank: FrozenBank, sittings: list[Answers]) -> dict[str, Any]:
    """The bytes of every decision, the items chosen in some sittings, and the numbers of some gap reports."""
    policy = read_policy(POLICY)
    plan, occasion = plan_on(policy, bank), occasion_of(policy, "post_test")
    targets = targets_of(bank, occasion)
    decisions, chosen, numbers = [], [], []
    for number, answers in enumerate(sittings):
        shown = shown_of(bank, answers)
        decisions.append(digest(canonical(decide_outcome(policy, occasion, bank, shown))))
        for place in range(len(shown) if number % CHOICES == 0 else 0):
            again = select_next(
                plan, sitting_of(uuid_of(number), bank, shown[:place], seen=set(), pool=None, seconds=0.0)
            )
            chosen.append(again.item if isinstance(again, NextItem) else -1)
        if number % REPORTS == 0:
            found = evidence(bank, shown, targets, AT)
            numbers.append(
                [*found.theta, *found.sem, *found.probability, *found.percent, *found.lowest, *found.highest]
            )
    return {"decisions": decisions, "chosen": np.array(chosen), "numbers": np.array(numbers)}


def child(folder: Path) -> None:
    """Recompute what the folder holds, and leave it there."""
    bank, sittings = pickle.loads((folder / "stored").read_bytes())
    (folder / "again").write_bytes(pickle.dumps(recompute(bank, sittings)))


def main(n: int = N) -> int:
    """Sit, recompute under every setting, compare; 0 when nothing differs."""
    policy, bank = read_policy(POLICY), frozen_bank(COMPETENCIES, each=60, seed=3)
    plan = plan_on(policy, bank)
    began = time.process_time()
    sittings = [sit(policy, bank, plan, number) for number in range(n)]
    n_answers = sum(map(len, sittings))
    print(f"{n} sittings, {n_answers} answers ({time.process_time() - began:.0f} s)", flush=True)
    live = np.array([item for answers in sittings[::CHOICES] for item, _ in answers])
    first: dict[str, Any] | None = None
    worst = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stored").write_bytes(pickle.dumps((bank, sittings)))
        for label, changed in settings().items():
            command = [sys.executable, "-m", "tests.recovery.replay_dispatch", str(folder)]
            subprocess.run(command, env=os.environ | changed, check=True)
            again = pickle.loads((folder / "again").read_bytes())
            first = first or again
            different = sum(one != other for one, other in zip(again["decisions"], first["decisions"], strict=True))
            others = int((again["chosen"] != live).sum())
            away = float(np.abs(again["numbers"] - first["numbers"]).max())
            bits = int((again["numbers"] != first["numbers"]).any(axis=1).sum())
            worst += different + others + (away > 1e-9)
            print(
                f"  {label}: {different} decisions and {others} of {len(live)} choices differ; gap reports within "
                f"{away:.1e} ({bits} of {len(again['numbers'])} not the same to the last bit)",
                flush=True,
            )
    return 1 if worst else 0


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].isdigit():
        child(Path(sys.argv[1]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
