"""Assembly of 20 parallel forms of 40 items from 1,000 under 30 constraints.

Run: python tests/benchmarks/assembly.py
"""

from __future__ import annotations

import time

import numpy as np

from engine.assembly import assemble_forms
from engine.content.constraints import Constraints, Row, violations
from engine.selection.curves import curves_of
from psychometrics.models.base import ItemParameters


def main() -> None:
    rng = np.random.default_rng(1)
    items = ItemParameters.logistic(rng.lognormal(0.0, 0.3, 1000), rng.normal(0.0, 1.0, 1000))
    rows = []
    for name, n_values, low, high in (
        ("content", 10, 2, 6),
        ("level", 4, 6, 14),
        ("type", 6, 3, 12),
        ("key", 4, 8, 12),
    ):
        value = rng.integers(n_values, size=1000)
        rows += [Row(f"{name}={v}", (value == v).astype(float), low, high, True) for v in range(n_values)]
    for name, most in (("words", 3600.0), ("seconds", 3600.0)):
        rows.append(Row(name, rng.integers(30, 150, size=1000).astype(float), 0.0, most * 1.05, False))
    enemies = tuple(np.sort(pair) for pair in rng.permutation(1000)[:8].reshape(4, 2))
    constraints = Constraints(1000, tuple(rows), enemies, None)
    information = curves_of(items).information(np.arange(1000), np.array([[-1.0], [0.0], [1.0]]))
    wall, cpu = time.perf_counter(), time.process_time()
    forms = assemble_forms(constraints, information, n_forms=20, n_items=40, seconds=30.0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    broken = sum(len(violations(constraints, chosen)) for chosen in forms.forms)
    used = np.bincount(np.concatenate(forms.forms), minlength=1000).max()
    print(
        f"20 forms of 40 from 1,000 items, {len(rows) + len(enemies)} constraints: "
        f"{cpu:.1f} s CPU ({wall:.1f} s wall); "
        f"lowest information {forms.value:.4f}, no assembly above {forms.bound:.4f}, gap {forms.gap:.2%}; "
        f"{broken} violations, most uses of an item {used}"
    )


if __name__ == "__main__":
    main()
