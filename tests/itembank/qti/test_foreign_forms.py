"""Forms that other programs write: keys nobody can answer, foreign interactions, bodies without words, manifests."""

import msgspec
import pytest
from lxml import etree

from itembank.answers import check_answer
from itembank.exchange.qti.export import write_package
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.packages import read_package
from itembank.items import ItemFacts, ParameterFacts, content_hash
from itembank.records import settled
from itembank.scoring import score
from tests.itembank.qti import samples as s
from tests.itembank.qti.test_export import opened
from tests.itembank.qti.test_schema_22 import faults

PLACES = (
    f'<graphicGapMatchInteraction responseIdentifier="RESPONSE">{s.PICTURE}'
    '<gapText identifier="coin" matchMax="5">coin</gapText>'
    '<associableHotspot identifier="purse" matchMax="5" shape="rect" coords="0,0,10,10"/></graphicGapMatchInteraction>'
)
FILM = (
    '<mediaInteraction responseIdentifier="RESPONSE" autostart="false"><prompt>Watch.</prompt>'
    '<object data="films/a.mp4" type="video/mp4" width="3" height="2"/></mediaInteraction>'
)
FOREIGN = (
    '<customInteraction responseIdentifier="RESPONSE" class="wheel">'
    '<wheel xmlns="urn:x" turns="3"/></customInteraction>'
)
MATCH = s.TEMPLATE.format("match_correct")


def read(body, declared, rules=MATCH):
    """An item of one body and one response, with some pictures beside it."""
    return read_item(s.item(f"{declared}{s.SCORE}<itemBody>{body}</itemBody>{rules}"), "x.xml", s.FILES)


def test_a_key_that_names_the_place_first_is_met_by_the_answer_that_can_be_given():
    found = read(PLACES, s.declare("directedPair", "multiple", ["purse coin", "purse coin"]))
    assert found.item.not_deliverable == ""
    assert any("places before choices" in note for note in found.notes)
    given = {"RESPONSE": ["coin purse", "coin purse"]}
    check_answer(found.item.content, given)
    assert score(found.item.scoring, given).score == 1
    assert score(found.item.scoring, {"RESPONSE": ["coin purse"]}).score == 0


def test_a_key_in_the_right_order_keeps_its_order():
    found = read(PLACES, s.declare("directedPair", "multiple", ["coin purse"]))
    assert found.item.scoring.responses[0].base_type == "directedPair"
    assert score(found.item.scoring, {"RESPONSE": ["purse coin"]}).score == 0


def test_an_item_whose_key_no_form_can_send_is_kept_and_not_delivered():
    found = read(PLACES, s.declare("directedPair", "multiple", ["note purse"]))
    assert "right answer cannot be given" in found.item.not_deliverable
    assert "note purse" in found.item.not_deliverable


def test_a_question_that_takes_fewer_choices_than_are_right_takes_as_many_as_are():
    asked = '<choiceInteraction responseIdentifier="RESPONSE">' + s.choices(("A", "a"), ("B", "b"), ("C", "c"))
    found = read(asked + "</choiceInteraction>", s.declare("identifier", "multiple", ["A", "C"]))
    assert found.item.content.interactions[0].max_choices == 2
    assert any("its right answer names 2" in note for note in found.notes)
    check_answer(found.item.content, {"RESPONSE": ["A", "C"]})


def test_rules_that_ask_what_the_delivering_program_is_are_said_to_do_so():
    asked = '<choiceInteraction responseIdentifier="RESPONSE" maxChoices="1">' + s.choices(("A", "a"), ("B", "b"))
    context = '<fieldValue fieldIdentifier="environment"><variable identifier="QTI_CONTEXT"/></fieldValue>'
    rules = s.rules(s.when(f"<isNull>{context}</isNull>", s.assign(s.base("float", "1"))))
    found = read(asked + "</choiceInteraction>", s.declare("identifier", "single", ["A"]), rules)
    assert any("delivering program" in note for note in found.notes)
    assert not any("does not declare" in note for note in found.notes)


@pytest.mark.parametrize("version", ["2.2", "3.0"])
@pytest.mark.parametrize("body", ["", FILM, FOREIGN], ids=["no body", "film", "foreign"])
def test_what_is_not_delivered_is_written_as_the_schema_wants_it_and_comes_back(body, version):
    item = read(body, s.declare("integer", "single"), "").item
    files = opened(write_package([item], {}, version))
    root = etree.fromstring(next(data for name, data in files.items() if name.startswith("items/")))
    if version == "2.2":
        assert list(faults(root)) == []
    own = etree.QName(root).namespace
    assert {etree.QName(part).namespace for part in next(root.iter("{*}itemBody", "{*}qti-item-body"))} == {own}
    assert content_hash(read_package(s.zipped(files)).items[0]) == content_hash(item)


def test_operators_say_what_the_schema_requires_of_them():
    asked = '<textEntryInteraction responseIdentifier="RESPONSE"/>'
    said = s.when(f"<stringMatch>{s.variable()}{s.base('string', 'ox')}</stringMatch>", s.assign(s.base("float", "1")))
    item = read(f"<p>{asked}</p>", s.declare("string", "single", ["ox"]), s.rules(said)).item
    files = opened(write_package([item], {}, "2.2"))
    root = etree.fromstring(next(data for name, data in files.items() if name.startswith("items/")))
    assert list(faults(root)) == []
    assert content_hash(read_package(s.zipped(files)).items[0]) == content_hash(item)


@pytest.mark.parametrize("version", ["2.2", "3.0"])
def test_a_manifest_states_metadata_in_the_order_of_its_schema_and_types_it_knows(version):
    item = read_item(s.sample("choice"), "x.xml", s.FILES).item
    facts = ItemFacts(competencies=("c.1",), alignments=("https://case.example/CFItems/1",), item_type="choice")
    item = msgspec.structs.replace(
        item, facts=settled(facts), parameters=ParameterFacts(model="2pl", discrimination=1.5, difficulty=-0.25)
    )
    files = opened(write_package([item], {}, version))
    manifest = etree.fromstring(files["imsmanifest.xml"])
    metadata = next(manifest.iter("{*}resource")).find("{*}metadata")
    names = [etree.QName(part).localname for part in metadata]
    assert names == ["qtiMetadata", "curriculumStandardsMetadataSet", "lom"]
    kinds = {part.get("type") for part in manifest.iter("{*}resource")}
    known = {"2.2": {"imsqti_item_xmlv2p2"}, "3.0": {"imsqti_item_xmlv3p0", "qtiusagedata/xml"}}
    assert kinds <= known[version] | {"webcontent"}
    again = read_package(s.zipped(files)).items[0]
    assert (again.parameters.discrimination, again.parameters.difficulty) == (1.5, -0.25)


@pytest.mark.parametrize(
    ("held", "shown", "noted"),
    [
        (b"<div><p>Bees dance.</p></div>", True, ""),
        (None, False, "is not in the package"),
        (b"<div>", False, "not well-formed"),
        (
            b'<div><include xmlns="http://www.w3.org/2001/XInclude" href="bees.xml"/></div>',
            False,
            "is not in the package",
        ),
    ],
    ids=["text", "absent", "broken", "itself"],
)
def test_a_text_that_is_included_from_the_package_stands_in_its_place(held, shown, noted):
    included = '<div><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="bees.xml"/></div>'
    asked = '<choiceInteraction responseIdentifier="RESPONSE" maxChoices="1">' + s.choices(("A", "a"), ("B", "b"))
    whole = s.declare("identifier", "single", ["A"]) + s.SCORE
    data = s.item(f"{whole}<itemBody>{included}{asked}</choiceInteraction></itemBody>{MATCH}")
    found = read_item(data, "x.xml", {} if held is None else {"bees.xml": held})
    assert ("Bees dance." in found.item.content.body) is shown
    assert (found.notes == ()) if not noted else any(noted in note for note in found.notes)
