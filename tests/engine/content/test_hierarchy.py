"""The greedy rule keeps every blueprint of nested groups, and is as good as a mixed-integer programme."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.content.constraints import Constraints, Row, compile_constraints, violations
from engine.content.feasibility import InfeasibleDesign, check_feasible, find_shortages
from engine.content.hierarchy import build_hierarchy
from engine.content.shadow_test import build_shadow_model
from engine.designs import (
    ContentDesign,
    CountConstraint,
    DesignError,
    EnemyConstraint,
    SetConstraint,
    SumConstraint,
)


def nested_rows(rng: np.random.Generator, n_items: int) -> tuple[Row, ...]:
    """Four groups with bounds, each cut into three bounded parts."""
    group = rng.integers(4, size=n_items)
    part = group * 3 + rng.integers(3, size=n_items)
    rows = [Row(f"g{g}", (group == g).astype(float), 3.0, 8.0, True) for g in range(4)]
    rows += [Row(f"p{p}", (part == p).astype(float), 1.0, float(2 + p % 3), True) for p in range(12)]
    return tuple(rows)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_greedy_equals_the_best_shadow_test(seed: int) -> None:
    rng = np.random.default_rng(seed)
    constraints = Constraints(90, nested_rows(rng, 90), (), None)
    worth = rng.random(90)
    if find_shortages(constraints, 20, 20):
        return
    hierarchy = build_hierarchy(constraints, 20, 20)
    assert hierarchy is not None
    left = np.bincount(hierarchy.atom, minlength=hierarchy.n_atoms)[None]
    counts, chosen = np.zeros_like(left), []
    for _ in range(20):
        legal = hierarchy.open_atoms(counts, left)[0][hierarchy.atom]
        legal[chosen] = False
        best = int(np.where(legal, worth, -1.0).argmax())
        chosen.append(best)
        counts[0, hierarchy.atom[best]] += 1
        left[0, hierarchy.atom[best]] -= 1
    assert violations(constraints, np.array(chosen)) == []
    optimum = build_shadow_model(constraints, 20, 20).solver().assemble(worth, np.zeros(0, dtype=int))
    assert worth[chosen].sum() == pytest.approx(optimum.value, abs=1e-9)


def test_crossing_groups_enemies_and_sums_are_no_hierarchy() -> None:
    first = Row("a", np.array([1.0, 1.0, 0.0]), 0, 1, True)
    crossing = Row("b", np.array([0.0, 1.0, 1.0]), 0, 1, True)
    assert build_hierarchy(Constraints(3, (first, crossing), (), None), 1, 2) is None
    assert build_hierarchy(Constraints(3, (first,), (np.array([0, 1]),), None), 1, 2) is None
    assert build_hierarchy(Constraints(3, (Row("w", np.ones(3), 0, 1, False),), (), None), 1, 2) is None
    assert build_hierarchy(Constraints(3, (first,), (), None), 1, 2) is not None


def test_a_minimum_spread_over_parts_is_seen_in_time() -> None:
    """Group of at most 3 whose three parts need one each: the first item may not be followed by its own part."""
    rows = [Row("all", np.array([1.0] * 6), 0.0, 3.0, True)]
    rows += [Row(f"p{p}", np.repeat(np.eye(3)[p], 2), 1.0, 3.0, True) for p in range(3)]
    hierarchy = build_hierarchy(Constraints(6, tuple(rows), (), None), 3, 3)
    assert hierarchy is not None
    counts = np.zeros((1, hierarchy.n_atoms), dtype=int)
    used = int(hierarchy.atom[0])
    counts[0, used] = 1
    left = np.bincount(hierarchy.atom)[None] - counts
    legal = hierarchy.open_atoms(counts, left)[0]
    assert not legal[used]
    assert legal.sum() == 2


ATTRIBUTES = {
    "competency": ("add", "add", "sub", "sub", "sub", "add"),
    "level": ("easy", "hard", "easy", "hard", "easy", None),
    "words": (10.0, 20.0, 30.0, 40.0, None, 5.0),
    "enemy_of": ("b", "", "d;e", "", "", "nobody"),
    "stimulus": ("s1", "s1", "s2", "s2", "", ""),
}
IDS = tuple("abcdef")


def test_constraints_are_compiled_as_written() -> None:
    content = ContentDesign(
        constraints=(
            CountConstraint(attribute="competency", min=1, max=2),
            SumConstraint(attribute="words", max=60.0),
            EnemyConstraint(),
            SetConstraint(max=1, min_items=2),
        )
    )
    constraints = compile_constraints(content, ATTRIBUTES, IDS)
    assert [row.name for row in constraints.rows] == ["competency=add", "competency=sub", "sum of words"]
    assert [pair.tolist() for pair in constraints.enemies] == [[0, 1], [2, 3], [2, 4]]
    assert constraints.sets is not None
    assert [m.tolist() for m in constraints.sets.members] == [[0, 1], [2, 3]]
    assert violations(constraints, np.array([0, 1, 2, 3])) == [
        "sum of words is 100, outside 0 to 60",
        "2 enemies together",
        "2 enemies together",
        "2 stimuli, outside 0 to 1",
    ]
    assert violations(constraints, np.array([0, 5, 4])) == [
        "stimulus s1 has 1 items, outside 2 to inf",
    ]
    assert violations(constraints, np.array([1, 5, 4])) == ["stimulus s1 has 1 items, outside 2 to inf"]


def test_unknown_attributes_and_words_are_refused() -> None:
    with pytest.raises(DesignError, match="no attribute 'colour'; they have competency"):
        compile_constraints(ContentDesign(constraints=(CountConstraint(attribute="colour"),)), ATTRIBUTES, IDS)
    with pytest.raises(DesignError, match="must be a number to be summed"):
        compile_constraints(ContentDesign(constraints=(SumConstraint(attribute="level"),)), ATTRIBUTES, IDS)


def test_infeasible_blueprints_say_what_is_missing() -> None:
    content = ContentDesign(constraints=(CountConstraint(attribute="level", value="hard", min=5),))
    constraints = compile_constraints(content, ATTRIBUTES, IDS)
    with pytest.raises(InfeasibleDesign, match="level=hard lacks 3") as caught:
        check_feasible(constraints, 3, 6)
    assert caught.value.shortages == {"level=hard": 3.0}
    with pytest.raises(InfeasibleDesign, match="items lacks 4"):
        check_feasible(compile_constraints(ContentDesign(), ATTRIBUTES, IDS), 10, 12)


def test_a_conflict_of_several_constraints_is_priced_at_its_least() -> None:
    content = ContentDesign(
        constraints=(
            CountConstraint(attribute="competency", value="add", min=2),
            CountConstraint(attribute="competency", value="sub", min=2),
        )
    )
    constraints = compile_constraints(content, ATTRIBUTES, IDS)
    assert find_shortages(constraints, 4, 4) == {}
    assert sum(find_shortages(constraints, 3, 3).values()) == 1.0
    barred = np.array([True, False, True, True, True, False])
    assert find_shortages(constraints, 4, 4, barred) == {"competency=add": 1.0}
