"""What counts for what between frameworks: both ways, one way, over a third one, and never by mere relation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itembank.competencies import Competency, Crosswalk, Framework
from itembank.crosswalks import counts_for


def framework(key: str, *keys: str, crosswalks: tuple[Crosswalk, ...] = ()) -> Framework:
    competencies = tuple(Competency(key=k, statement=k, uri=f"https://x.example/{key}/{k}") for k in keys)
    return Framework(key=key, title=key, competencies=competencies, crosswalks=crosswalks)


@pytest.mark.parametrize(
    ("kind", "forth", "back"),
    [
        ("exact", True, True),
        ("broader", True, False),
        ("narrower", False, True),
        ("part_of", False, True),
        ("replaced_by", True, False),
        ("related", False, False),
        ("peer", False, False),
    ],
)
def test_each_kind_counts_in_its_directions(kind: str, forth: bool, back: bool) -> None:
    link = Crosswalk(origin="a", destination="https://x.example/clerk/b", kind=kind)  # type: ignore[arg-type]
    nurse, clerk = framework("nurse", "a", crosswalks=(link,)), framework("clerk", "b")
    assert bool(counts_for(["a"], nurse, clerk)) is forth
    assert bool(counts_for(["b"], clerk, nurse)) is back


def test_the_way_may_lead_over_a_third_framework_and_is_told() -> None:
    hub = framework("hub", "h", crosswalks=(Crosswalk(origin="h", destination="https://x.example/nurse/a"),))
    link = Crosswalk(origin="h", destination="b", kind="broader")
    hub = framework("hub", "h", crosswalks=(*hub.crosswalks, link))
    nurse, clerk = framework("nurse", "a"), framework("clerk", "b", "c")
    (counted,) = counts_for(["a"], nurse, clerk, [hub]).values()
    assert (counted.competency, counted.by, counted.path) == ("b", "a", ("a", "h", "b"))
    assert counts_for(["a"], nurse, clerk) == {}
    assert counts_for(["b"], clerk, nurse, [hub]) == {}, "the narrower one never counts for the broader one"


def test_a_key_that_two_frameworks_have_leads_nowhere() -> None:
    nurse = framework("nurse", "a", crosswalks=(Crosswalk(origin="a", destination="b"),))
    assert set(counts_for(["a"], nurse, framework("clerk", "b"))) == {"b"}
    assert counts_for(["a"], nurse, framework("clerk", "b"), [framework("cook", "b")]) == {}


def test_what_is_not_held_or_unknown_counts_nothing() -> None:
    nurse = framework("nurse", "a", "z", crosswalks=(Crosswalk(origin="a", destination="b"),))
    assert counts_for(["z", "nothing"], nurse, framework("clerk", "b")) == {}
    assert counts_for([], nurse, framework("clerk", "b")) == {}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20), st.sets(st.integers(0, 5)))
def test_closure_equals_reachability_by_repeated_steps(pairs: list[tuple[int, int]], held: set[int]) -> None:
    links = tuple(
        Crosswalk(origin=f"a{m}", destination=f"https://x.example/clerk/b{n}", kind="broader") for m, n in pairs
    )
    nurse = framework("nurse", *(f"a{n}" for n in range(6)), crosswalks=links)
    clerk = framework("clerk", *(f"b{n}" for n in range(6)))
    expected = {f"b{n}" for m, n in pairs if m in held}
    assert set(counts_for([f"a{m}" for m in sorted(held)], nurse, clerk)) == expected
