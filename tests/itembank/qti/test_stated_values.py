"""What declarations state beyond plain values: fields of records, durations, whole pictures, how case is compared."""

import pytest

from itembank.errors import ItemInvalid
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.writing_items import write_item
from itembank.items import StatedField
from itembank.scoring import score
from tests.itembank.qti import building as b
from tests.itembank.qti import samples as s

VERSIONS = ("2.1", "2.2", "3.0")
WEIGHT = '<value fieldIdentifier="weight" baseType="float">2.5</value>'
NAME = '<value fieldIdentifier="name" baseType="string"> first try </value>'
SETTINGS = (
    '<outcomeDeclaration identifier="SETTINGS" cardinality="record"><defaultValue>'
    f"{WEIGHT}{NAME}</defaultValue></outcomeDeclaration>"
)
TYPED = (
    '<responseDeclaration identifier="RESPONSE" cardinality="record"><correctResponse>'
    '<value fieldIdentifier="floatValue" baseType="float">1250</value>'
    '<value fieldIdentifier="nsf" baseType="integer">3</value></correctResponse></responseDeclaration>'
)


def field(name, record):
    return b.op("fieldValue", record, fieldIdentifier=name)


def read(head, body, *rules, version="2.2"):
    text = f"{head}<itemBody>{body}</itemBody>" + (s.rules(*rules) if rules else s.MAP)
    return read_item(s.item(text, version), "x.xml", s.FILES).item


def scores(item, *answers):
    return [score(item.scoring, {"RESPONSE": list(answer)}).score for answer in answers]


def weighing(version):
    head = s.declare("identifier", "single", ["B"]) + SETTINGS + s.SCORE
    by_default = s.assign(field("weight", '<default identifier="SETTINGS"/>'))
    by_value = s.assign(b.op("product", field("weight", s.variable("SETTINGS")), s.base("float", "2")))
    return read(head, b.choice(), s.when(b.right(), by_value, by_default), version=version)


@pytest.mark.parametrize("version", VERSIONS)
def test_records_start_with_the_fields_they_state(version):
    item = weighing(version)
    assert scores(item, ["B"], ["A"]) == [5.0, 2.5]
    stated = next(outcome for outcome in item.scoring.outcomes if outcome.identifier == "SETTINGS")
    assert stated.default_fields == (
        StatedField(name="weight", base_type="float", value="2.5"),
        StatedField(name="name", value="first try"),
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_typed_number_is_compared_with_the_fields_of_its_key(version):
    right = [
        b.op("match", field(name, s.variable()), field(name, '<correct identifier="RESPONSE"/>'))
        for name in ("floatValue", "nsf")
    ]
    item = read(TYPED + s.SCORE, b.entry(), s.when(b.op("and", *right), b.points("1")), version=version)
    assert scores(item, ["1250"], ["1251"], []) == [0.0, 0.0, 0.0]
    assert scores(item, ["125e1"], ["1.25e3"]) == [1.0, 1.0]


@pytest.mark.parametrize("version", ["2.2", "3.0"])
def test_fields_come_back_from_an_export(version):
    for item in (weighing("3.0"), read(TYPED + s.SCORE, b.entry(), s.assign(s.base("float", "1")))):
        again = read_item(write_item(item, version, "items/x.xml"), "items/x.xml").item
        assert again.scoring.responses == item.scoring.responses
        assert again.scoring.outcomes == item.scoring.outcomes


@pytest.mark.parametrize(
    "value",
    ["<value>1</value>", '<value fieldIdentifier="a" baseType="float">x</value>', '<value fieldIdentifier=""/>'],
)
def test_fields_without_a_name_or_of_another_type_are_refused(value):
    head = SETTINGS.replace(WEIGHT, value) + s.declare("identifier", "single", ["B"]) + s.SCORE
    with pytest.raises(ItemInvalid, match="SETTINGS, default value"):
        read(head, b.choice(), s.assign(s.base("float", "1")))


@pytest.mark.parametrize(("stated", "seconds"), [("90.5", 90.5), ("PT1M30.5S", 90.5), ("P1DT2H", 93_600), ("PT0S", 0)])
def test_durations_are_seconds_or_iso_8601(stated, seconds):
    same = b.op("durationGTE", s.base("duration", stated), s.base("duration", str(seconds)))
    over = b.op("durationLT", s.base("duration", stated), s.base("duration", str(seconds)))
    head = s.declare("identifier", "single", ["B"]) + s.SCORE
    item = read(head, b.choice(), s.when(same, b.points("1")), s.when(over, b.points("9")))
    assert scores(item, ["B"]) == [1.0]


@pytest.mark.parametrize("stated", ["PT", "P", "soon", "PT1M30"])
def test_durations_of_another_form_are_refused(stated):
    later = b.op("durationLT", s.base("duration", stated), s.base("duration", "1"))
    with pytest.raises(ItemInvalid, match="not a number"):
        read(s.declare("identifier", "single") + s.SCORE, b.choice(), s.when(later, b.points("1")))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rest_of_a_picture_counts_whatever_its_coordinates_say(version):
    areas = s.areas(("circle", "20,20,8", 2), ("default", "0,0,100%,100%", "0.5"))
    head = s.declare("point", "multiple", mapping=areas) + s.SCORE
    shown = f'<selectPointInteraction responseIdentifier="RESPONSE" maxChoices="3">{s.PICTURE}</selectPointInteraction>'
    text = f"{head}<itemBody>{shown}</itemBody>{s.POINTS}"
    item = read_item(s.item(text, version), "x.xml", s.FILES).item
    assert scores(item, ["20 20"], ["90 90"], ["20 20", "90 90", "91 91"], []) == [2.0, 0.5, 2.5, 0.0]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_mapping_may_say_for_all_its_entries_that_case_is_nothing(version):
    entries = '<mapEntry mapKey="Oslo" mappedValue="2"/><mapEntry mapKey="Rome" mappedValue="1" caseSensitive="true"/>'
    mapping = f'<mapping defaultValue="0" caseSensitive="false">{entries}</mapping>'
    item = read(s.declare("string", "single", mapping=mapping) + s.SCORE, b.entry(), version=version)
    assert scores(item, ["OSLO"], ["rome"], ["Rome"]) == [2.0, 0.0, 1.0]


@pytest.mark.parametrize(("base_type", "left", "right"), [("string", "Kiel", "Köln"), ("boolean", "true", "false")])
def test_equal_between_texts_or_truths_means_match(base_type, left, right):
    def same(one, other):
        return b.op("equal", s.base(base_type, one), s.base(base_type, other), toleranceMode="exact")

    head = s.declare("identifier", "single", ["B"]) + s.SCORE
    rules = [s.when(same(left, left), b.plus("SCORE")), s.when(same(left, right), b.plus("SCORE", "5"))]
    assert scores(read(head, b.choice(), *rules), ["B"]) == [1.0]
