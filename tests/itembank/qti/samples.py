"""Items of the project's own writing, in QTI 2.2's names, with answers and what each is worth."""

import io
import re
import zipfile

NAMESPACES = {
    "2.1": "http://www.imsglobal.org/xsd/imsqti_v2p1",
    "2.2": "http://www.imsglobal.org/xsd/imsqti_v2p2",
    "3.0": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
}
TEMPLATE = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p2/rptemplates/{}"/>'
MATCH, MAP, POINTS = (TEMPLATE.format(name) for name in ("match_correct", "map_response", "map_response_point.xml"))
SCORE = '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>'
HTML = (
    "p div span b i em strong br table tbody tr td th blockquote img object h2 ul li sub sup math mi mo mn mrow msup "
    "svg circle title script a audio video source u ruby rt hr"
)


def declare(base_type, cardinality, correct=(), mapping="", identifier="RESPONSE"):
    values = "".join(f"<value>{value}</value>" for value in correct)
    right = f"<correctResponse>{values}</correctResponse>" if correct else ""
    head = f'<responseDeclaration identifier="{identifier}" cardinality="{cardinality}" baseType="{base_type}">'
    return f"{head}{right}{mapping}</responseDeclaration>"


def mapping(entries, extra='defaultValue="0"', case=""):
    rows = "".join(f'<mapEntry mapKey="{key}" mappedValue="{worth}"{case}/>' for key, worth in entries.items())
    return f"<mapping {extra}>{rows}</mapping>"


def areas(*rows):
    entries = "".join(
        f'<areaMapEntry shape="{shape}" coords="{coords}" mappedValue="{worth}"/>' for shape, coords, worth in rows
    )
    return f'<areaMapping defaultValue="0">{entries}</areaMapping>'


def item(
    inner, version="2.2", identifier="sample", attributes='adaptive="false" timeDependent="false"', title="Sample"
):
    """A whole item file in the names of a version."""
    space = NAMESPACES[version]
    named = f'xmlns="{space}" identifier="{identifier}" title="{title}" {attributes}'
    text = f"<assessmentItem {named}>{inner}</assessmentItem>"
    return (as_three(text) if version == "3.0" else text).encode()


def as_three(text):
    """The mechanical renaming from 2.x to 3.0, apart from the program's own."""
    kept = set(HTML.split())

    def element(match):
        slash, name = match.groups()
        return f"<{slash}{name}" if name in kept or ":" in name else f"<{slash}qti-{kebab(name)}"

    def attribute(match):
        name = match.group(1)
        return f" {name if name in KEPT_ATTRIBUTES else kebab(name)}="

    return re.sub(r" ([A-Za-z]+)=(?=\")", attribute, re.sub(r"<(/?)([A-Za-z:]+)", element, text))


KEPT_ATTRIBUTES = {"viewBox"}


def kebab(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def choices(*pairs, name="simpleChoice", extra=""):
    return "".join(f'<{name} identifier="{key}"{extra}>{text}</{name}>' for key, text in pairs)


def base(base_type, value):
    return f'<baseValue baseType="{base_type}">{value}</baseValue>'


def variable(name="RESPONSE"):
    return f'<variable identifier="{name}"/>'


def assign(expression, outcome="SCORE"):
    return f'<setOutcomeValue identifier="{outcome}">{expression}</setOutcomeValue>'


def when(condition, then, otherwise=None):
    other = f"<responseElse>{otherwise}</responseElse>" if otherwise is not None else ""
    return f"<responseCondition><responseIf>{condition}{then}</responseIf>{other}</responseCondition>"


def rules(*parts):
    return f"<responseProcessing>{''.join(parts)}</responseProcessing>"


PICTURE = '<object type="image/png" data="images/map.png" width="200" height="100">A map</object>'
IDS = {"A": "alpha", "B": "beta", "C": "gamma"}
MATCH_SETS = (
    "<simpleMatchSet>"
    + choices(("L", "Lyon"), ("M", "Milan"), name="simpleAssociableChoice", extra=' matchMax="1"')
    + "</simpleMatchSet><simpleMatchSet>"
    + choices(("F", "France"), ("I", "Italy"), name="simpleAssociableChoice", extra=' matchMax="2"')
    + "</simpleMatchSet>"
)
ASSOCIATES = choices(*IDS.items(), name="simpleAssociableChoice", extra=' matchMax="2"')
HOTSPOTS = (
    '<hotspotChoice identifier="A" shape="circle" coords="20,20,8"/>'
    '<hotspotChoice identifier="B" shape="rect" coords="50,50,70,80"/>'
    '<hotspotChoice identifier="C" shape="poly" coords="90,10,110,10,100,30"/>'
)
ASSOCIABLE = HOTSPOTS.replace("hotspotChoice", "associableHotspot").replace("/>", ' matchMax="2"/>')

SAMPLES = {
    "choice": (
        declare("identifier", "single", ["B"]) + SCORE,
        '<p>Pick <b>beta</b>.</p><choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="1">'
        f"<prompt>Which?</prompt>{choices(*IDS.items())}</choiceInteraction>",
        MATCH,
        [(["B"], 1), (["A"], 0), ([], 0)],
    ),
    "choice_multiple": (
        declare(
            "identifier", "multiple", ["A", "C"], mapping({"A": 1, "C": 2, "B": -2}, 'lowerBound="0" defaultValue="0"')
        )
        + SCORE,
        '<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="0">'
        f"{choices(*IDS.items())}</choiceInteraction>",
        MAP,
        [(["A", "C"], 3), (["C"], 2), (["A", "B"], 0), (["A", "B", "C"], 1), ([], 0)],
    ),
    "inline_choice": (
        declare("identifier", "single", ["B"]) + SCORE,
        '<p>It is <inlineChoiceInteraction responseIdentifier="RESPONSE" shuffle="false">'
        f"{choices(*IDS.items(), name='inlineChoice')}</inlineChoiceInteraction>.</p>",
        MATCH,
        [(["B"], 1), (["C"], 0)],
    ),
    "text_entry": (
        declare("string", "single", ["Zürich"], mapping({"Zürich": 1, "Zurich": 0.5}, case=' caseSensitive="false"'))
        + SCORE,
        '<p>Town: <textEntryInteraction responseIdentifier="RESPONSE" expectedLength="10"/></p>',
        MAP,
        [(["zürich"], 1), (["ZURICH"], 0.5), (["Bern"], 0), ([" Zürich "], 1)],
    ),
    "text_entry_number": (
        declare("float", "single", ["2.5"]) + SCORE,
        '<p>Half of five: <textEntryInteraction responseIdentifier="RESPONSE"/></p>',
        rules(
            when(
                '<equal toleranceMode="absolute" tolerance="0.1 0.2" includeUpperBound="false">'
                f'<correct identifier="RESPONSE"/>{variable()}</equal>',
                assign(base("float", 2)),
                assign(base("float", 0)),
            )
        ),
        [(["2.5"], 2), (["2,4"], 2), (["2.39"], 0), (["2.69"], 2), (["2.7"], 0)],
    ),
    "order": (
        declare("identifier", "ordered", ["C", "A", "B"]) + SCORE,
        f'<orderInteraction responseIdentifier="RESPONSE" shuffle="true">{choices(*IDS.items())}</orderInteraction>',
        MATCH,
        [(["C", "A", "B"], 1), (["A", "C", "B"], 0), (["C", "A"], 0)],
    ),
    "associate": (
        declare("pair", "multiple", ["A B"], mapping({"A B": 2, "C A": 1})) + SCORE,
        '<associateInteraction responseIdentifier="RESPONSE" shuffle="false" maxAssociations="2">'
        f"{ASSOCIATES}</associateInteraction>",
        MAP,
        [(["B A"], 2), (["A C", "A B"], 3), (["B C"], 0)],
    ),
    "match": (
        declare("directedPair", "multiple", ["L F", "M I"]) + SCORE,
        '<matchInteraction responseIdentifier="RESPONSE" shuffle="false" maxAssociations="2">'
        f"<prompt>Where?</prompt>{MATCH_SETS}</matchInteraction>",
        MATCH,
        [(["M I", "L F"], 1), (["L F"], 0), (["F L", "I M"], 0)],
    ),
    "gap_match": (
        declare(
            "directedPair",
            "multiple",
            ["W G1", "S G2"],
            mapping({"W G1": 1, "S G2": 1}, 'defaultValue="-1" lowerBound="0"'),
        )
        + SCORE,
        '<gapMatchInteraction responseIdentifier="RESPONSE" shuffle="false"><prompt>Fill in.</prompt>'
        '<gapText identifier="W" matchMax="1">winter</gapText><gapText identifier="S" matchMax="1">summer</gapText>'
        '<blockquote><p>After <gap identifier="G1"/> comes no <gap identifier="G2"/>.</p></blockquote>'
        "</gapMatchInteraction>",
        MAP,
        [(["W G1", "S G2"], 2), (["W G1"], 1), (["S G1", "W G2"], 0), (["W G1", "S G1"], 0)],
    ),
    "hottext": (
        declare("identifier", "single", ["H2"]) + SCORE,
        '<hottextInteraction responseIdentifier="RESPONSE" maxChoices="1"><prompt>Find the mistake.</prompt>'
        '<p>She <hottext identifier="H1">goes</hottext> to school and <hottext identifier="H2">learn</hottext>.</p>'
        "</hottextInteraction>",
        MATCH,
        [(["H2"], 1), (["H1"], 0)],
    ),
    "slider": (
        declare("integer", "single", ["40"]) + SCORE,
        '<sliderInteraction responseIdentifier="RESPONSE" lowerBound="0" upperBound="100" step="10">'
        "<prompt>How many?</prompt></sliderInteraction>",
        MATCH,
        [(["40"], 1), (["50"], 0)],
    ),
    "hotspot": (
        declare("identifier", "multiple", ["A", "C"]) + SCORE,
        f'<hotspotInteraction responseIdentifier="RESPONSE" maxChoices="2">{PICTURE}{HOTSPOTS}</hotspotInteraction>',
        MATCH,
        [(["C", "A"], 1), (["A"], 0)],
    ),
    "select_point": (
        declare("point", "multiple", ["20 20"], areas(("circle", "20,20,8", 1), ("rect", "50,50,70,80", 2))) + SCORE,
        f'<selectPointInteraction responseIdentifier="RESPONSE" maxChoices="2">{PICTURE}</selectPointInteraction>',
        POINTS,
        [(["22 25"], 1), (["22 25", "60 60"], 3), (["20 21", "20 22"], 1), (["0 0"], 0)],
    ),
    "graphic_order": (
        declare("identifier", "ordered", ["B", "A", "C"]) + SCORE,
        f'<graphicOrderInteraction responseIdentifier="RESPONSE">{PICTURE}{HOTSPOTS}</graphicOrderInteraction>',
        MATCH,
        [(["B", "A", "C"], 1), (["A", "B", "C"], 0)],
    ),
    "graphic_associate": (
        declare("pair", "multiple", ["A C"]) + SCORE,
        f'<graphicAssociateInteraction responseIdentifier="RESPONSE" maxAssociations="1">{PICTURE}{ASSOCIABLE}'
        "</graphicAssociateInteraction>",
        MATCH,
        [(["C A"], 1), (["A B"], 0)],
    ),
    "graphic_gap_match": (
        declare("directedPair", "multiple", ["N A"], mapping({"N A": 1, "O B": 2})) + SCORE,
        f'<graphicGapMatchInteraction responseIdentifier="RESPONSE">{PICTURE}'
        '<gapImg identifier="N" matchMax="1">'
        '<object type="image/png" data="images/n.png" width="9" height="9"/></gapImg>'
        '<gapText identifier="O" matchMax="1">Oslo</gapText>'
        f"{ASSOCIABLE}</graphicGapMatchInteraction>",
        MAP,
        [(["N A", "O B"], 3), (["N B"], 0)],
    ),
    "position_object": (
        declare("point", "multiple", ["20 20"], areas(("circle", "20,20,8", 1), ("ellipse", "100,50,20,10", 1)))
        + SCORE,
        f"<positionObjectStage>{PICTURE}"
        '<positionObjectInteraction responseIdentifier="RESPONSE" maxChoices="2">'
        '<object type="image/png" data="images/n.png" width="9" height="9"/></positionObjectInteraction>'
        "</positionObjectStage>",
        POINTS,
        [(["20 20", "119 50"], 2), (["119 59"], 0)],
    ),
    "composite": (
        declare("identifier", "single", ["A"], identifier="R1")
        + declare("integer", "single", ["7"], identifier="R2")
        + SCORE
        + '<outcomeDeclaration identifier="FEEDBACK" cardinality="multiple" baseType="identifier"/>',
        '<choiceInteraction responseIdentifier="R1" shuffle="false" maxChoices="1">'
        f'{choices(*IDS.items())}</choiceInteraction><p>Count: <textEntryInteraction responseIdentifier="R2"/>'
        '<feedbackInline outcomeIdentifier="FEEDBACK" identifier="both" showHide="show">Both</feedbackInline></p>',
        rules(
            when(f'<match>{variable("R1")}<correct identifier="R1"/></match>', assign(base("float", 1))),
            when(
                f'<match>{variable("R2")}<correct identifier="R2"/></match>',
                assign(f"<sum>{variable('SCORE')}{base('float', 1)}</sum>"),
            ),
            when(
                f"<gte>{variable('SCORE')}{base('float', 2)}</gte>",
                assign(f"<multiple>{variable('FEEDBACK')}{base('identifier', 'both')}</multiple>", "FEEDBACK"),
            ),
        ),
        [({"R1": ["A"], "R2": ["7"]}, 2), ({"R1": ["A"]}, 1), ({"R2": ["7"]}, 1), ({}, 0)],
    ),
}

FILES = {"images/map.png": b"\x89PNG map", "images/n.png": b"\x89PNG n"}


def sample(name, version="2.2"):
    head, body, processing, _ = SAMPLES[name]
    return item(f"{head}<itemBody>{body}</itemBody>{processing}", version, identifier=name)


def answers(name):
    return [(given if isinstance(given, dict) else {"RESPONSE": given}, worth) for given, worth in SAMPLES[name][3]]


def package(files, resources, extra=""):
    """A zip with a manifest naming (identifier, type, href, metadata) resources."""
    entries = "".join(
        f'<resource identifier="{identifier}" type="{kind}" href="{href}"><metadata>{metadata}</metadata>'
        f'<file href="{href}"/></resource>'
        for identifier, kind, href, metadata in resources
    )
    head = '<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" identifier="M">'
    manifest = f"{head}{extra}<resources>{entries}</resources></manifest>"
    return zipped({"imsmanifest.xml": manifest.encode(), **files})


def zipped(files):
    holder = io.BytesIO()
    with zipfile.ZipFile(holder, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return holder.getvalue()


def package_of_samples(version="2.2"):
    files = {f"{name}.xml": sample(name, version) for name in SAMPLES}
    kind = {"2.1": "imsqti_item_xmlv2p1", "2.2": "imsqti_item_xmlv2p2", "3.0": "imsqti_item_xmlv3p0"}[version]
    return package({**files, **FILES}, [(name, kind, f"{name}.xml", "") for name in SAMPLES])
