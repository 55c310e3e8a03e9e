"""Items of which no form can be made are kept with the reason; files that mean harm give one sentence and no bytes."""

import msgspec
import pytest

from itembank.errors import FileRefused
from itembank.exchange.qti.items import read_item
from itembank.exchange.qti.packages import read_package
from tests.itembank.qti import building as b
from tests.itembank.qti import samples as s

KIND = "imsqti_item_xmlv2p2"
VERSIONS = ("2.1", "2.2", "3.0")


def item(body, version="2.2", declared=None):
    head = declared or s.declare("identifier", "single", ["A"], s.mapping({"A": 1}))
    return s.item(f"{head}{s.SCORE}<itemBody>{body}</itemBody>{s.MAP}", version)


def pairs(*keys):
    return s.choices(*((key, key) for key in keys), name="simpleAssociableChoice", extra=' matchMax="1"')


PAIRS = s.declare("directedPair", "multiple", ["A X"], s.mapping({"A X": 1}))
MATCH = '<matchInteraction responseIdentifier="RESPONSE" maxAssociations="2">{}</matchInteraction>'
SET = "<simpleMatchSet>{}</simpleMatchSet>"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("body", "declared", "why"),
    [
        (b.choice(keys="ABB"), None, "'RESPONSE' has 2 choices called 'B'."),
        (b.choice() + b.choice(keys="AD"), None, "2 of its interactions answer the same response 'RESPONSE'."),
        (b.choice(keys=""), None, "'RESPONSE' offers nothing to choose from."),
        (b.choice(keys=("A", "")), None, "'RESPONSE' offers a choice without an identifier."),
        (b.choice(keys=["A", *map(str, range(1000))]), None, "'RESPONSE' offers 1001 choices, more than the 1000"),
        (MATCH.format(SET.format(pairs("A")) + SET.format(pairs("X", "X"))), PAIRS, "has 2 choices called 'X'."),
        (MATCH.format(SET.format(pairs("A"))), PAIRS, "'RESPONSE' has no place to put its choices."),
    ],
)
def test_what_no_form_can_show_is_kept_with_the_reason(body, declared, why, version):
    assert why in read_item(item(body, version, declared), "x.xml", s.FILES).item.not_deliverable


@pytest.mark.parametrize(
    "body",
    [
        b.choice(keys=["A", *map(str, range(999))]),
        MATCH.format(SET.format(pairs("A", "B")) + SET.format(pairs("A", "B"))),
        b.choice() + '<p><endAttemptInteraction responseIdentifier="HINT" title="a"/></p>' * 2,
    ],
)
def test_names_may_come_again_where_nothing_is_confused(body):
    hint = s.declare("boolean", "single", identifier="HINT")
    declared = s.declare("directedPair", "multiple", ["A B"], s.mapping({"A B": 1})) if "match" in body else None
    head = (declared or s.declare("identifier", "single", ["A"], s.mapping({"A": 1}))) + hint
    assert read_item(item(body, "2.2", head), "x.xml", s.FILES).item.not_deliverable == ""


DTD = b'<!DOCTYPE assessmentItem SYSTEM "http://elsewhere.example/q.dtd">'


def test_a_dtd_of_somewhere_else_is_refused_and_a_bare_doctype_is_not():
    with pytest.raises(FileRefused, match="rests on a DTD outside itself"):
        read_package(DTD + s.sample("choice"))
    assert len(read_package(b"<!DOCTYPE assessmentItem>" + s.sample("choice")).items) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_files_may_say_in_which_encoding_they_are(encoding):
    named = {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16LE", "latin-1": "ISO-8859-1"}.get(encoding, encoding.upper())
    text = f'<?xml version="1.0" encoding="{named}"?>' + s.sample("choice").decode().replace("alpha", "é")
    assert read_package(text.encode(encoding)).items[0].content.interactions[0].choices[0].content == "é"


@pytest.mark.parametrize("data", [b"\x00" * 40, b"Rar!\x1a\x07", b'{"items": []}', b"<a>\0</a>", b"<a>\xff</a>"])
def test_what_is_refused_is_refused_in_one_line(data):
    with pytest.raises(FileRefused) as refusal:
        read_package(data, name="bank.xml")
    assert str(refusal.value).startswith("bank.xml ")
    assert "\n" not in str(refusal.value)
    assert "<string>" not in str(refusal.value)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
HARMFUL = {
    "a picture that is a page": ('<img src="p.png" alt="p"/>', {"p.png": b"\n <html><script>HARM</script>"}),
    "a picture that is a drawing": ('<img src="p.png" alt="p"/>', {"p.png": b'\xef\xbb\xbf<svg onload="HARM"/>'}),
    "a sound that is a page": ('<audio src="p.mp3"/>', {"p.mp3": b"<script>HARM</script>"}),
    "a drawing that moves": (f'{SVG}><set attributeName="onload" to="HARM"/><animate to="HARM"/></svg>', {}),
    "a drawing that loads": (f'{SVG}><use xlink:href="http://HARM/x#a"/><image href="http://HARM/y"/></svg>', {}),
    "a drawing with a page in it": (f"{SVG}><foreignObject><p onclick='HARM'>HARM</p></foreignObject></svg>", {}),
    "a formula that acts": (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><maction actiontype="HARM"><mi href="javascript:HARM">x</mi>'
        '</maction><annotation-xml encoding="text/html"><b onclick="HARM">x</b></annotation-xml></math>',
        {},
    ),
    "an address in disguise": ('<a href="java&#x0A;script:HARM">x</a><a href=" &#106;avascript:HARM">y</a>', {}),
    "a style that loads": ('<p style="background:url(http://HARM/x)">x</p>', {}),
    "a file of the machine": ('<include xmlns="http://www.w3.org/2001/XInclude" href="file:///etc/HARM"/>', {}),
    "a shared page": (
        '<object data="t.html" type="text/html"/>',
        {"t.html": b'<body onload="HARM"><p>text</p><img src="http://HARM/i.png"></body>'},
    ),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", HARMFUL)
def test_no_harmful_byte_reaches_a_learner(name, version):
    body, files = HARMFUL[name]
    data = item(b.choice(), version).replace(b"item-body>" if version == "3.0" else b"itemBody>", b"%b", 1)
    data = data.replace(b"%b", (b"item-body>" if version == "3.0" else b"itemBody>") + body.encode(), 1)
    package = read_package(s.package({"i.xml": data, **files}, [("i", KIND, "i.xml", "")]))
    (found,) = package.items
    assert found.not_deliverable == ""
    assert b"HARM" not in msgspec.json.encode(found.content)
    assert not any(b"HARM" in kept for kept in package.assets.values())
