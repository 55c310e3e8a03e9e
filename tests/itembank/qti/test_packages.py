"""Packages: every item accounted for, metadata and statistics attached, hostile ones refused whole."""

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import BankError, FileRefused
from itembank.exchange.archives import ArchiveLimits
from itembank.exchange.qti.packages import read_package
from itembank.loss_report import summary
from tests.itembank.qti import samples as s

KIND = "imsqti_item_xmlv2p2"


def one(metadata="", files=None, name="choice"):
    content = {f"{name}.xml": s.sample(name), **(files or {})}
    return s.package(content, [(name, KIND, f"{name}.xml", metadata)])


@pytest.mark.parametrize("version", ["2.1", "2.2", "3.0"])
def test_a_whole_package_comes_in(version):
    package = read_package(s.package_of_samples(version), name="bank.zip")
    assert package.report.counts == {"imported": len(s.SAMPLES), "changed": 0, "refused": 0}
    assert summary(package.report) == f"{len(s.SAMPLES)} items: {len(s.SAMPLES)} imported, 0 changed, 0 refused."
    assert set(package.assets.values()) == set(s.FILES.values())


def test_each_item_is_counted_once_whatever_becomes_of_it():
    broken = s.item("<itemBody/>", identifier="x").replace(b"</assessmentItem>", b"")
    undeclared = s.sample("choice").replace(
        b'<responseDeclaration identifier="RESPONSE"', b'<responseDeclaration identifier="Q"'
    )
    files = {"good.xml": s.sample("choice"), "broken.xml": broken, "undeclared.xml": undeclared}
    files["bare.xml"] = s.sample("order").replace(s.MATCH.encode(), b"")
    names = ["good", "broken", "undeclared", "bare", "absent"]
    package = read_package(s.package(files, [(n, KIND, f"{n}.xml", "") for n in names]))
    assert package.report.counts == {"imported": 1, "changed": 1, "refused": 3}
    assert package.report.n_items == len(names)
    refusals = {entry.key: entry.notes[0] for entry in package.report.refused}
    assert "not well-formed" in refusals["broken"]
    assert "no response declaration" in refusals["undeclared"]
    assert "not in the package" in refusals["absent"]
    assert len(package.items) == 2


def test_two_items_of_one_identifier_both_come_in():
    files = {"a.xml": s.sample("choice"), "b.xml": s.sample("choice")}
    package = read_package(s.package(files, [("A", KIND, "a.xml", ""), ("B", KIND, "b.xml", "")]))
    assert [item.key for item in package.items] == ["choice", "choice-B"]
    assert package.report.counts["changed"] == 1


def test_a_single_item_file_is_a_package_of_one():
    package = read_package(s.sample("choice"), name="/somewhere/choice.xml")
    assert [item.key for item in package.items] == ["choice"]
    refused = read_package(s.sample("choice").replace(b"<value>B", b"<value>Z"), name="choice.xml")
    assert refused.report.counts == {"imported": 0, "changed": 0, "refused": 1}


def test_items_without_a_standard_type_and_percent_encoded_names_are_found():
    files = {"my items/a b.xml": s.sample("choice"), "t.xml": b"<assessmentTest/>"}
    resources = [("A", "vendor/type", "my%20items/a%20b.xml", ""), ("T", "imsqti_test_xmlv2p2", "t.xml", "")]
    package = read_package(s.package(files, resources))
    assert ([item.key for item in package.items], package.tests) == (["choice"], ("T",))
    assert package.report.notes == ("Tests are not read, only their items: T.",)


def test_item_files_that_the_manifest_forgot_are_told():
    files = {"a.xml": s.sample("choice"), "b.xml": s.sample("order", "3.0"), "c.xml": b"<other/>"}
    package = read_package(s.package(files, [("A", KIND, "a.xml", "")]))
    assert package.report.notes == ("Item files that the manifest does not name are left out: b.xml.",)


LOM = """<lom:lom xmlns:lom="http://ltsc.ieee.org/xsd/LOM"><lom:general><lom:title><lom:string>Greek</lom:string></lom:title>
<lom:keyword><lom:string>letters</lom:string></lom:keyword></lom:general><lom:educational><lom:difficulty>
<lom:value>easy</lom:value></lom:difficulty><lom:typicalLearningTime><lom:duration>PT1M30S</lom:duration>
</lom:typicalLearningTime></lom:educational><lom:classification><lom:taxonPath><lom:taxon><lom:id>A</lom:id></lom:taxon>
<lom:taxon><lom:id>A.1</lom:id></lom:taxon></lom:taxonPath></lom:classification></lom:lom>"""
CASE = """<c:curriculumStandardsMetadataSet xmlns:c="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscsmd_v1p1">
<c:curriculumStandardsMetadata><c:setOfGUIDs region="X"><c:labelledGUID><c:label>RL.3.2</c:label>
<c:caseItemURI>https://case.example/i/1</c:caseItemURI><c:GUID>1</c:GUID></c:labelledGUID><c:labelledGUID>
<c:label>The student can explain what a letter is</c:label><c:GUID>7f</c:GUID></c:labelledGUID></c:setOfGUIDs>
</c:curriculumStandardsMetadata></c:curriculumStandardsMetadataSet>"""


def test_lom_and_case_metadata_become_facts():
    facts = read_package(one(LOM + CASE)).items[0].facts
    assert facts.competencies == ("A.1", "RL.3.2", "7f")
    assert facts.alignments == ("https://case.example/i/1", "7f")
    assert facts.tags == ("letters", "difficulty:easy")
    assert facts.usual_seconds == 90
    assert facts.item_type == "choice"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 rubbish", "not a readable zip"),
        (b"not xml at all", "neither a QTI package"),
        (b"%PDF-1.7 and so on", "neither a QTI package"),
        (b"<assessmentItem", "not well-formed"),
        (b"<html/>", "not a QTI"),
        (s.zipped({"a.xml": b"<x/>"}), "no imsmanifest.xml"),
        (s.zipped({"folder/imsmanifest.xml": b"<manifest/>"}), "holds its manifest in 'folder'"),
        (s.zipped({"imsmanifest.xml": b"<manifest>"}), "not well-formed"),
        (s.zipped({"imsmanifest.xml": b"<other/>"}), "not a manifest"),
        (s.zipped({"imsmanifest.xml": b"<manifest/>", "../../etc/passwd": b"x"}), "outside itself"),
        (
            s.zipped(
                {"imsmanifest.xml": b"<!DOCTYPE m [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><manifest>&e;</manifest>"}
            ),
            "entities",
        ),
        (s.zipped({"imsmanifest.xml": b"<manifest>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</manifest>"}), "well-formed"),
        (s.zipped({"imsmanifest.xml": b"<manifest>" + b"<a>" * 200 + b"</a>" * 200 + b"</manifest>"}), "levels deep"),
    ],
)
def test_packages_that_are_none_or_mean_harm_are_refused_whole(data, word):
    with pytest.raises(FileRefused, match=word):
        read_package(data)


def test_a_laughing_item_is_refused_and_the_others_come_in():
    laughs = b"<!DOCTYPE x [<!ENTITY a 'ha'>" + b"".join(
        b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    )
    evil = laughs + b"]>" + s.sample("order").replace(b"alpha", b"&j;")
    outside = s.sample("match").replace(b"Where?", b"&xxe;")
    outside = b"<!DOCTYPE x [<!ENTITY xxe SYSTEM 'file:///etc/hostname'>]>" + outside
    files = {"a.xml": s.sample("choice"), "b.xml": evil, "c.xml": outside}
    package = read_package(s.package(files, [(n, KIND, f"{n}.xml", "") for n in "abc"]))
    assert package.report.counts == {"imported": 1, "changed": 0, "refused": 2}


def test_hostile_bodies_come_in_harmless():
    body = '<p onclick="evil()">a<script>evil()</script><img src="http://evil/x.png" alt=""/></p><iframe src="evil"/>'
    inner = f"{s.declare('string', 'single', ['x'])}{s.SCORE}<itemBody>{body}<p><textEntryInteraction "
    package = read_package(s.item(f'{inner}responseIdentifier="RESPONSE"/></p></itemBody>{s.MATCH}'))
    assert "evil" not in package.items[0].content.body
    assert package.report.counts["changed"] == 1


def test_limits_are_the_callers():
    with pytest.raises(FileRefused, match="members"):
        read_package(s.package_of_samples(), limits=ArchiveLimits(members=3))


def test_a_hostile_drawing_in_the_package_is_cleaned():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>evil()</script><rect width="1"/></svg>'
    item = s.sample("hotspot").replace(b"images/map.png", b"images/map.svg").replace(b"image/png", b"image/svg+xml")
    package = read_package(s.package({"i.xml": item, "images/map.svg": svg}, [("i", KIND, "i.xml", "")]))
    asset = package.items[0].content.assets[0]
    assert asset.media_type == "image/svg+xml"
    assert b"evil" not in package.assets[asset.sha256]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damaged_item_crashes(data):
    name = data.draw(st.sampled_from(sorted(s.SAMPLES)))
    text = bytearray(s.sample(name, data.draw(st.sampled_from(["2.2", "3.0"]))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        piece = data.draw(
            st.sampled_from([b"", b"<", b">", b'"', b"&", b"-1", b"1e9", b"RESPONSE", b"</p>", b"\x00", b"9" * 500])
        )
        text[at : at + data.draw(st.integers(0, 9))] = piece
    with contextlib.suppress(FileRefused):
        package = read_package(bytes(text), name="x.xml")
        assert package.report.n_items == 1


def read_or_refused(data):
    """How many items a package holds, how many its report accounts for, and the sentence where it is refused."""
    try:
        package = read_package(data)
    except BankError as refused:
        return 0, 0, str(refused)
    return len(package.items), package.report.n_items - package.report.counts["refused"], "a package was read"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damaged_package_crashes(data):
    whole = bytearray(one(LOM))
    for _ in range(data.draw(st.integers(1, 5))):
        struct.pack_into("B", whole, data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 255)))
    n_items, accounted, said = read_or_refused(bytes(whole))
    assert n_items == accounted
    assert len(said.split()) >= 3


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_crash(data):
    n_items, accounted, said = read_or_refused(data)
    assert n_items == accounted
    assert len(said.split()) >= 3
