"""Rules as other programs write them: the score by QTI's semantics, in every version, and categories that keep it."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.reachable import reachable_scores
from itembank.expressions import numbers
from itembank.scoring import score
from tests.itembank.qti import building as b
from tests.itembank.qti import samples as s
from tests.itembank.qti import vectors as v

VERSIONS = ("2.1", "2.2", "3.0")


def scored(name, version="2.2"):
    return read_item(v.vector(name, version), f"{name}.xml", s.FILES).item


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", v.VECTORS)
def test_the_score_is_what_the_rules_say(name, version):
    item = scored(name, version)
    assert item.not_deliverable == ""
    assert [score(item.scoring, answer).score for answer, _ in v.answers(name)] == [w for _, w in v.answers(name)]


@pytest.mark.parametrize("name", v.VECTORS)
def test_categories_keep_what_scores_tell_apart_and_the_best_answer_reaches_the_top(name):
    scoring = scored(name).scoring
    found = {score(scoring, answer).score: score(scoring, answer).category for answer, _ in v.answers(name)}
    ranked = [found[points] for points in sorted(found)]
    assert ranked == sorted(set(ranked))
    assert ranked[0] == 0
    assert ranked[-1] == scoring.max_category


def test_vectors_cover_the_interactions_that_are_scored():
    kinds = {part.kind for name in v.VECTORS for part in scored(name).content.interactions}
    assert len(kinds) >= 15


@pytest.mark.parametrize("name", [name for name in v.VECTORS if "<responseProcessing>" in v.VECTORS[name][2]])
def test_no_answer_gives_a_score_that_was_called_out_of_reach(name):
    item = scored(name)
    reached = reachable_scores(item.scoring, item.content.interactions)
    assert reached is not None
    for answer, _ in v.answers(name):
        assert numbers.of_float(score(item.scoring, answer).score) in reached


@given(st.lists(st.sampled_from([0.25, 0.5, 1.0, 1.5, 3.0]), min_size=1, max_size=4), st.data())
def test_sums_over_conditions_reach_every_sum_of_their_points(worths, data):
    parts = [
        s.when(b.op("member", s.base("identifier", f"K{k}"), s.variable()), b.plus("SCORE", str(worth)))
        for k, worth in enumerate(worths)
    ]
    keys = [f"K{k}" for k in range(len(worths))]
    text = (
        s.declare("identifier", "multiple", keys)
        + b.outcome("SCORE", default="0")
        + f"<itemBody>{b.choice(keys=keys, most=0)}</itemBody>"
    )
    item = read_item(s.item(text + s.rules(*parts)), "x.xml").item
    chosen = data.draw(st.lists(st.sampled_from(keys), unique=True))
    reached = reachable_scores(item.scoring, item.content.interactions)
    points = score(item.scoring, {"RESPONSE": chosen}).score
    assert points == sum(worths[int(key[1:])] for key in chosen)
    assert reached is not None
    assert max(reached) == sum(Fraction(worth) for worth in worths)
    assert Fraction(points) in reached


def test_scores_that_cannot_be_followed_are_none():
    typed = s.assign(s.variable("RESPONSE"))
    text = s.declare("float", "single", ["4"]) + s.SCORE + f"<itemBody><p>{b.entry()}</p></itemBody>" + s.rules(typed)
    item = read_item(s.item(text), "x.xml").item
    assert reachable_scores(item.scoring, item.content.interactions) is None
    assert (item.scoring.max_category, item.scoring.points_per_category) == (1, 4.0)


def test_a_key_that_a_vendor_wrote_into_an_attribute_stays_here():
    marked = ' data-correct-response="B" data-score="1" data-min-selections-message="Pick one"'
    text = (
        s.declare("identifier", "single", ["B"]) + s.SCORE + f"<itemBody>{b.choice(extra=marked)}</itemBody>" + s.MATCH
    )
    for version in VERSIONS:
        found = read_item(s.item(text, version), "x.xml")
        sent = msgspec.json.encode(found.item.content).decode()
        assert "data-correct-response" not in sent
        assert "data-score" not in sent
        assert found.item.content.interactions[0].options == {"data-min-selections-message": "Pick one"}
        assert found.notes == ("Attributes of a vendor's own are left out: data-correct-response, data-score.",)
