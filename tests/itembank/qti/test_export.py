"""Out and in again: equal content, equal parameters, the schema's order of elements, and no trust in edited files."""

import io
import json
import re
import zipfile
from pathlib import Path

import msgspec
import pytest
from lxml import etree

from itembank.errors import BankError
from itembank.exchange.html import sanitise
from itembank.exchange.items_file import read_items
from itembank.exchange.qti.export import write_package
from itembank.exchange.qti.extras import EXTRAS
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.packages import read_package
from itembank.exchange.qti.writing_items import write_item
from itembank.items import (
    Choice,
    Interaction,
    Item,
    ItemContent,
    ItemFacts,
    ItemScoring,
    NumericKey,
    OutcomeDeclaration,
    ParameterFacts,
    ResponseDeclaration,
    content_hash,
)
from itembank.scoring import score
from tests.itembank.qti import samples as s

VERSIONS = ("2.2", "3.0")
BANK = read_package(s.package_of_samples())
ORDER_OF_ITEM = [
    "responseDeclaration",
    "outcomeDeclaration",
    "templateDeclaration",
    "templateProcessing",
    "assessmentStimulusRef",
    "stylesheet",
    "itemBody",
    "responseProcessing",
    "modalFeedback",
]
ORDER_OF_RESPONSE = ["defaultValue", "correctResponse", "mapping", "areaMapping"]
BLOCKS = (
    "p div h1 h2 h3 h4 h5 h6 pre blockquote address hr ul ol dl table math rubricBlock feedbackBlock infoControl "
    "choiceInteraction orderInteraction associateInteraction matchInteraction gapMatchInteraction hottextInteraction "
    "sliderInteraction hotspotInteraction selectPointInteraction graphicOrderInteraction graphicAssociateInteraction "
    "graphicGapMatchInteraction positionObjectStage extendedTextInteraction uploadInteraction drawingInteraction "
    "mediaInteraction customInteraction audio video figure article section aside header footer nav"
)


def bank_item(**more):
    """An item as a spreadsheet gives it: bare text, numbers for keys, facts that QTI cannot say."""
    interaction = Interaction(
        kind="choice", response="RESPONSE", choices=(Choice(key="1", content="one"), Choice(key="2 b", content="two"))
    )
    fields = {
        "key": "sheet row/7 é",
        "content": ItemContent(
            body='Pick <b>it</b> &amp; go<span data-interaction="RESPONSE"></span>', interactions=(interaction,)
        ),
        "scoring": ItemScoring(responses=(ResponseDeclaration(identifier="RESPONSE", correct=("2 b",)),)),
        "facts": ItemFacts(
            competencies=("C.1",), level="B2", enemies=("x",), usual_seconds=45.5, tags=("t",), anchor=True
        ),
    }
    return Item(**{**fields, **more})


def names_in_order(root):
    return [etree.QName(part).localname for part in root]


def opened(package):
    archive = zipfile.ZipFile(io.BytesIO(package))
    return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bank_comes_back_equal(version):
    again = read_package(write_package(BANK.items, BANK.assets, version))
    assert [content_hash(item) for item in again.items] == [content_hash(item) for item in BANK.items]
    assert again.assets == BANK.assets
    assert again.report.counts == {"imported": len(BANK.items), "changed": 0, "refused": 0}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_samples_need_no_extras_so_other_programs_read_the_same(version):
    assert EXTRAS not in opened(write_package(BANK.items, BANK.assets, version))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_qti_cannot_say_comes_back_too(version):
    declared = (ResponseDeclaration(identifier="RESPONSE", base_type="float"),)
    numeric = ItemScoring(
        rule="numeric",
        responses=declared,
        numeric=(NumericKey(value=0.5, tolerance=0.05), NumericKey(value=20.0, tolerance=0.1, relative=True)),
        max_category=2,
        points_per_category=0.5,
        rationale="Half < 1 & more than 0 <b>.",
        unit="€",
    )
    entry = ItemContent(
        body='<p>Half: <span data-interaction="RESPONSE"></span></p>',
        interactions=(Interaction(kind="text_entry", response="RESPONSE", max_choices=0, numeric=True),),
    )
    parameters = ParameterFacts(
        model="gpcm",
        discrimination=1.1,
        steps=(-0.3, 0.123456789012345),
        standard_error={"discrimination": 0.1, "steps": [0.2, 0.3]},
        n_responses=321,
    )
    items = [bank_item(), bank_item(key="numeric", content=entry, scoring=numeric, parameters=parameters)]
    again = read_package(write_package(items, {}, version)).items
    assert [content_hash(item) for item in again] == [content_hash(item) for item in items]
    assert again[1].parameters == parameters


@pytest.mark.parametrize("version", VERSIONS)
def test_other_programs_score_numeric_keys_alike(version):
    scoring = ItemScoring(
        rule="numeric",
        responses=(ResponseDeclaration(identifier="RESPONSE", base_type="float"),),
        numeric=(NumericKey(value=200, tolerance=0.05, relative=True), NumericKey(value=3)),
    )
    item = read_item(s.sample("text_entry_number"), "x.xml").item
    alone = read_item(
        write_item(msgspec.structs.replace(item, scoring=scoring), version, "x.xml"), "x.xml"
    ).item.scoring
    assert alone.rule == "rules"
    for text, worth in (("190", 1), ("210", 1), ("210.1", 0), ("3", 1), ("3.1", 0)):
        assert score(alone, {"RESPONSE": [text]}).score == worth


@pytest.mark.parametrize("version", VERSIONS)
def test_names_that_qti_forbids_are_replaced_alike_in_choices_and_keys(version):
    files = opened(write_package([bank_item()], {}, version))
    path = next(name for name in files if name.startswith("items/"))
    alone = read_item(files[path], path).item
    keys = [choice.key for choice in alone.content.interactions[0].choices]
    assert keys == ["_1", "_2_b"]
    assert score(alone.scoring, {"RESPONSE": ["_2_b"]}).score == 1


def test_an_edited_item_speaks_for_itself():
    files = opened(write_package([bank_item()], {}, "3.0"))
    path = next(name for name in files if name.startswith("items/"))
    files[path] = files[path].replace(b"one", b"uno")
    again = read_package(s.zipped(files)).items[0]
    assert "uno" in again.content.interactions[0].choices[0].content
    assert again.facts.level == ""


def test_extras_of_strangers_are_cleaned_and_cannot_bring_files():
    files = opened(write_package([bank_item()], {}, "3.0"))
    extras = json.loads(files[EXTRAS])
    entry = next(iter(extras.values()))
    entry["content"]["body"] += "<script>evil()</script><img src=x onerror=evil()>"
    entry["content"]["assets"] = [{"name": "a.png", "media_type": "image/png", "sha256": "0" * 64, "size": 1}]
    entry["content"]["interactions"][0]["choices"][0]["content"] = "<iframe src=evil></iframe>"
    files[EXTRAS] = json.dumps(extras).encode()
    content = read_package(s.zipped(files)).items[0].content
    assert "evil" not in msgspec.json.encode(content).decode()
    assert content.assets == ()


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"items/x.xml": 3}', b"{" * 5000, b'{"\xb7": {}}'])
def test_damaged_extras_count_as_none(damage):
    files = opened(write_package(BANK.items, BANK.assets, "3.0"))
    assert len(read_package(s.zipped({**files, EXTRAS: damage})).items) == len(BANK.items)


def test_equal_banks_are_equal_bytes():
    assert write_package(BANK.items, BANK.assets, "2.2") == write_package(BANK.items, BANK.assets, "2.2")


def test_what_2_2_asks_of_single_elements():
    body = "<table><tbody><tr><td>a</td></tr></tbody><tfoot><tr><td>b</td></tr></tfoot></table>"
    body += '<p><img alt="gone"><a>no link</a><img src="images/map.png"><audio src="a.mp3"></audio></p>'
    body += "<blockquote>bare</blockquote>"
    item = bank_item(content=msgspec.structs.replace(bank_item().content, body=body + bank_item().content.body))
    root = etree.fromstring(write_item(item, "2.2", "items/x.xml"))
    assert names_in_order(root.find(".//{*}table")) == ["tfoot", "tbody"]
    assert [image.attrib for image in root.iter("{*}img")] == [{"src": "../images/map.png", "alt": ""}]
    assert [span.text for span in root.iter("{*}span")] == ["gone", "no link"]
    assert etree.QName(root.find(".//{*}audio").getparent()).localname == "div"
    assert names_in_order(root.find(".//{*}blockquote")) == ["div"]


def test_shared_texts_stand_once_and_come_back():
    stimulus = '<p>Once <img src="texts/f.png" alt="f"></p>'
    content = ItemContent(
        body='<p>a</p><span data-interaction="RESPONSE"></span>',
        interactions=(Interaction(kind="choice", response="RESPONSE", choices=(Choice(key="A"), Choice(key="B"))),),
        stimulus=stimulus,
        stimulus_key="P1",
    )
    scoring = ItemScoring(responses=(ResponseDeclaration(identifier="RESPONSE", correct=("A",)),))
    items = [Item(key=key, content=content, scoring=scoring) for key in ("a", "b")]
    files = opened(write_package(items, {}, "3.0"))
    assert [name for name in files if name.startswith("stimuli/")] == ["stimuli/text-1.xml"]
    again = read_package(s.zipped(files))
    assert [content_hash(item) for item in again.items] == [content_hash(item) for item in items]
    assert again.stimuli == {"P1": stimulus}


def test_two_items_of_one_key_or_a_lost_asset_are_refused_by_name():
    with pytest.raises(BankError, match="sheet row/7"):
        write_package([bank_item(), bank_item()], {}, "3.0")
    with pytest.raises(BankError, match=r"map\.png"):
        write_package(BANK.items, {}, "3.0")


@pytest.mark.parametrize("version", VERSIONS)
def test_items_from_two_packages_may_call_different_pictures_the_same(version):
    packages = [
        read_package(
            s.package(
                {"i.xml": s.sample(name), "images/map.png": data, "images/n.png": b"n"},
                [(name, "imsqti_item_xmlv2p2", "i.xml", "")],
            )
        )
        for name, data in (("hotspot", b"one"), ("graphic_gap_match", b"two"), ("select_point", b"one"))
    ]
    items = [item for package in packages for item in package.items]
    assets = {digest: data for package in packages for digest, data in package.assets.items()}
    again = read_package(write_package(items, assets, version))
    assert [content_hash(item) for item in again.items] == [content_hash(item) for item in items]
    assert again.assets == assets


def test_item_files_never_share_a_name():
    items = [bank_item(key=key) for key in ("a", "A", "a-2", "ä", "_")]
    again = read_package(write_package(items, {}, "3.0"))
    assert [item.key for item in again.items] == [item.key for item in items]


@pytest.mark.parametrize("item", [*BANK.items, bank_item()], ids=lambda item: item.key)
def test_the_form_of_2_2_has_the_order_of_its_schema(item):
    files = opened(write_package([item], BANK.assets, "2.2"))
    root = etree.fromstring(files[next(name for name in files if name.startswith("items/"))])
    order = [ORDER_OF_ITEM.index(name) for name in names_in_order(root)]
    assert order == sorted(order)
    for declared in root.iter("{*}responseDeclaration"):
        inner = [ORDER_OF_RESPONSE.index(name) for name in names_in_order(declared)]
        assert inner == sorted(inner)
    body = root.find("{*}itemBody")
    assert set(names_in_order(body)) <= set(BLOCKS.split())
    assert not (body.text or "").strip()
    assert not any((part.tail or "").strip() for part in body)


@pytest.mark.parametrize("item", [*BANK.items, bank_item()], ids=lambda item: item.key)
def test_interactions_of_2_2_state_what_the_schema_requires(item):
    files = opened(write_package([item], BANK.assets, "2.2"))
    root = etree.fromstring(files[next(name for name in files if name.startswith("items/"))])
    assert {"identifier", "title", "adaptive", "timeDependent"} <= set(root.attrib)
    for part in root.iter():
        name = etree.QName(part).localname
        if name.endswith("Interaction"):
            assert part.get("responseIdentifier")
        if name in ("gapText", "gapImg", "simpleAssociableChoice", "associableHotspot"):
            assert part.get("matchMax") is not None
        if name in ("hotspotChoice", "associableHotspot"):
            assert part.get("shape")
            assert part.get("coords") is not None
        if part.get("identifier") and part is not root:
            assert re.fullmatch(r"[A-Za-z_][\w.-]*", part.get("identifier"))
        if name == "object":
            assert part.get("data")
            assert part.get("type")


@pytest.mark.parametrize("version", VERSIONS)
def test_metadata_is_there_for_other_programs(version):
    aligned = bank_item(
        facts=ItemFacts(competencies=("C.1",), alignments=("https://case.example/i/9",), usual_seconds=30)
    )
    files = opened(write_package([aligned], {}, version))
    del files[EXTRAS]
    facts = read_package(s.zipped(files)).items[0].facts
    assert facts.competencies == ("C.1", "9")
    assert (facts.alignments, facts.usual_seconds) == (("https://case.example/i/9",), 30)


def test_every_file_of_the_package_is_in_the_manifest():
    files = opened(write_package([*BANK.items, bank_item()], BANK.assets, "3.0"))
    named = {part.get("href") for part in etree.fromstring(files["imsmanifest.xml"]).iter("{*}file")}
    assert named == set(files) - {"imsmanifest.xml"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "body",
    [
        '<p>a<br>b&nbsp;c &lt; d <img src="images/map.png" alt="&lt;&quot;"></p>',
        '<p><math display="block"><mfrac><mn>1</mn><mi>x</mi></mfrac></math></p>',
        '<div><audio src="a.mp3" controls="controls"></audio><ruby>x<rt>y</rt></ruby></div>',
        '<table><tbody><tr><th scope="col">a</th><td colspan="2">b</td></tr></tbody></table>',
        "<p>a <u>b</u> <s>c</s> <time>d</time></p><details><summary>e</summary>f</details>",
        'bare text <sup>2</sup><p lang="fr">é</p>tail',
        "<p>\x01control</p>",
        "<table><tbody><tr><td>a</td></tr></tbody><tfoot><tr><td>b</td></tr></tfoot></table>",
        '<p><img alt="gone"> and <a>no link</a> and <img src="images/map.png"></p>',
        '<blockquote>bare <b>quote</b></blockquote><ol type="a"><li>x</li></ol>',
        '<p>sound <audio src="a.mp3" controls=""></audio></p>',
    ],
)
def test_bodies_of_all_kinds_come_back(version, body):
    clean = sanitise(body) + '<span data-interaction="RESPONSE"></span>'
    item = bank_item(content=msgspec.structs.replace(bank_item().content, body=clean))
    again = read_package(write_package([item], {}, version)).items[0]
    assert content_hash(again) == content_hash(item)


def test_lookup_tables_and_external_outcomes_come_back_without_extras():
    table = '<outcomeDeclaration identifier="G" cardinality="single" baseType="identifier">'
    table += '<interpolationTable defaultValue="low">'
    table += (
        '<interpolationTableEntry sourceValue="2" targetValue="high" includeBoundary="false"/></interpolationTable>'
    )
    text = s.sample("composite").replace(s.SCORE.encode(), (s.SCORE + table + "</outcomeDeclaration>").encode())
    item = read_item(text, "x.xml").item
    assert any(isinstance(outcome, OutcomeDeclaration) and outcome.lookup for outcome in item.scoring.outcomes)
    for version in VERSIONS:
        assert content_hash(read_item(write_item(item, version, "x.xml"), "x.xml").item) == content_hash(item)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sample_bank_comes_back_unchanged(version):
    """300 items with marks of less and more in their rationales, units and enemies."""
    sample = Path(__file__).parents[3] / "sample" / "items"
    items = [item for path in sorted(sample.iterdir()) for item in read_items(path)[0]]
    assert len(items) == 300
    again = read_package(write_package(items, {}, version)).items
    assert {item.key: content_hash(item) for item in again} == {item.key: content_hash(item) for item in items}
    assert any("<" in item.scoring.rationale for item in items)
