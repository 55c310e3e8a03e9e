"""Items that a careless program wrote: parts lost, doubled or misplaced. Each is refused with a sentence, or kept; one
that is called deliverable is scored whatever is answered, and written again."""

import copy
import random

import pytest
from lxml import etree

from itembank.errors import AnswerInvalid, BankError, ItemInvalid
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.writing_items import write_item
from itembank.scoring import score
from tests.itembank.qti import building as b
from tests.itembank.qti import samples as s
from tests.itembank.qti import vectors as v

ODD = ("", "NaN", "-1", "1e400", "1e299", "é", "A A", "true", "0", "99999999999", "RESPONSE", "SCORE", "//", "{X}")
POOL = [(v.vector(name, version), v.answers(name)) for name in v.VECTORS for version in ("2.2", "3.0")]
POOL += [(s.sample(name, "3.0"), s.answers(name)) for name in s.SAMPLES]


def mutant(rng):
    data, answers = rng.choice(POOL)
    root = etree.fromstring(data)
    for _ in range(rng.randint(1, 4)):
        parts = list(root.iter(etree.Element))
        part, kind = rng.choice(parts), rng.random()
        if kind < 0.25 and part is not root:
            part.getparent().remove(part)
        elif kind < 0.5 and part.attrib:
            part.set(rng.choice(list(part.attrib)), rng.choice(ODD))
        elif kind < 0.6 and part.attrib:
            del part.attrib[rng.choice(list(part.attrib))]
        elif kind < 0.7:
            part.text = rng.choice(ODD)
        elif kind < 0.85:
            part.append(copy.deepcopy(rng.choice(list(etree.fromstring(rng.choice(POOL)[0]).iter(etree.Element)))))
        elif part is not root:
            part.getparent().append(copy.deepcopy(part))
    return etree.tostring(root), answers


@pytest.mark.parametrize("seed", range(8))
def test_mutants_are_refused_or_kept_and_never_crash(seed):
    rng, kept = random.Random(seed), 0
    for _ in range(60):
        data, answers = mutant(rng)
        try:
            item = read_item(data, "x.xml", s.FILES).item
        except BankError:
            continue
        kept += 1
        for given, _ in answers:
            try:
                assert score(item.scoring, given).category <= item.scoring.max_category
            except AnswerInvalid:
                pass
            except ItemInvalid:
                assert item.not_deliverable
        for version in ("2.2", "3.0"):
            write_item(item, version, "x.xml")
    assert kept > 10


def with_rules(processing, declared=s.SCORE):
    head = s.declare("identifier", "single", ["B"]) + declared
    return read_item(s.item(f"{head}<itemBody>{b.choice()}</itemBody>{processing}"), "x.xml").item


def test_an_empty_branch_does_nothing():
    item = with_rules(s.rules(s.when(b.right(), b.points("1"), "")))
    assert [score(item.scoring, {"RESPONSE": given}).score for given in (["B"], ["A"], [])] == [1, 0, 0]


def test_a_table_without_a_target_gives_nothing():
    table = b.interpolation([(1, ""), (0, 0)])
    item = with_rules(
        s.rules(s.assign(s.base("float", "1"), "RAW"), b.LOOKED_UP), b.outcome("RAW") + b.outcome("SCORE", table=table)
    )
    assert score(item.scoring, {"RESPONSE": ["B"]}).score == 0


def test_a_rule_in_the_place_of_a_condition_is_refused():
    with pytest.raises(ItemInvalid, match="a rule stands where its condition is expected"):
        with_rules(s.rules(s.when(b.points("1"), b.points("1"))))


def test_numbers_beyond_all_measure_are_refused():
    with pytest.raises(ItemInvalid, match="too large"):
        with_rules(s.rules(s.when(b.right(), b.points("1e301"))))
    declared = s.declare("identifier", "multiple", ["A", "B"], s.mapping({"A": "1e308", "B": "1e308"}))
    with pytest.raises(ItemInvalid, match="not a number"):
        read_item(s.item(f"{declared}{s.SCORE}<itemBody>{b.choice(most=0)}</itemBody>{s.MAP}"), "x.xml")
