"""Item files of all versions: one internal form, every interaction scored, true reasons for what is not delivered."""

import msgspec
import pytest

from itembank.errors import FileRefused, ItemInvalid
from itembank.exchange.qti.items import read_item
from itembank.items import content_hash
from itembank.scoring import score
from tests.itembank.qti import samples as s

VERSIONS = ("2.1", "2.2", "3.0")


def read(inner, version="2.2", files=None, **more):
    return read_item(s.item(inner, version, **more), "items/item.xml", files or {})


def body(markup, processing=s.MATCH, declared=None):
    choice = f'<choiceInteraction responseIdentifier="RESPONSE" maxChoices="1">{s.choices(*s.IDS.items())}'
    declared = s.declare("identifier", "single", ["B"]) if declared is None else declared
    return f"{declared}{s.SCORE}<itemBody>{markup}{choice}</choiceInteraction></itemBody>{processing}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", s.SAMPLES)
def test_every_interaction_scores_as_its_author_meant(name, version):
    found = read_item(s.sample(name, version), f"{name}.xml", s.FILES)
    assert (found.item.key, found.item.not_deliverable, found.notes) == (name, "", ())
    assert [score(found.item.scoring, given).score for given, _ in s.answers(name)] == [w for _, w in s.answers(name)]


@pytest.mark.parametrize("name", s.SAMPLES)
def test_the_three_versions_are_one_internal_form(name):
    hashes = {content_hash(read_item(s.sample(name, version), "x.xml", s.FILES).item) for version in VERSIONS}
    assert len(hashes) == 1


@pytest.mark.parametrize("name", s.SAMPLES)
def test_the_best_answer_reaches_the_highest_category(name):
    scoring = read_item(s.sample(name), "x.xml", s.FILES).item.scoring
    reached = [score(scoring, given).category for given, _ in s.answers(name)]
    assert max(reached) == scoring.max_category
    assert min(reached) >= 0


def test_content_for_delivery_has_no_key_no_feedback_and_no_rules():
    inner = s.declare("identifier", "single", ["KEY-B"]) + s.SCORE
    inner += '<outcomeDeclaration identifier="FB" cardinality="single" baseType="identifier"/><itemBody>'
    inner += '<choiceInteraction responseIdentifier="RESPONSE" maxChoices="1">'
    inner += (
        '<simpleChoice identifier="KEY-B">beta<feedbackInline outcomeIdentifier="FB" identifier="ok" showHide="show">'
    )
    inner += "secret praise</feedbackInline></simpleChoice><simpleChoice identifier='X'>x</simpleChoice>"
    inner += '</choiceInteraction><rubricBlock view="scorer"><p>secret guidance</p></rubricBlock></itemBody>'
    found = read(inner + s.MATCH)
    sent = msgspec.json.encode(found.item.content).decode()
    assert "secret" not in sent
    assert "correct" not in sent
    assert found.item.scoring.feedback == {"FB.ok": "secret praise"}
    assert found.item.scoring.rationale == "secret guidance"


def test_marks_stand_where_the_interactions_stood():
    found = read_item(s.sample("gap_match"), "x.xml").item.content
    assert found.body == (
        '<div data-holds="RESPONSE"><span data-interaction="RESPONSE"></span><blockquote><p>After '
        '<span data-gap="G1" data-response="RESPONSE"></span> comes no '
        '<span data-gap="G2" data-response="RESPONSE"></span>.</p></blockquote></div>'
    )
    assert [target.key for target in found.interactions[0].targets] == ["G1", "G2"]


def test_marks_written_by_strangers_are_dropped():
    found = read(body('<p data-interaction="RESPONSE" data-gap="x" class="qti-well other">a</p>'))
    assert found.item.content.body == '<p class="qti-well">a</p><span data-interaction="RESPONSE"></span>'


def test_mathml_tables_pictures_and_language_come_through():
    math = '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML" display="block">'
    math += "<m:msup><m:mi>c</m:mi><m:mn>2</m:mn></m:msup></m:math>"
    markup = f'<table><tbody><tr><th scope="col">a</th></tr></tbody></table>{math}<p xml:lang="fr">é</p>'
    markup += '<p><img src="images/map.png" alt="A map"/></p>'
    found = read(body(markup), files={"items/images/map.png": b"png"}, attributes='xml:lang="de"').item.content
    assert '<math display="block"><msup><mi>c</mi><mn>2</mn></msup></math>' in found.body
    assert '<p lang="fr">é</p>' in found.body
    assert '<img src="items/images/map.png" alt="A map">' in found.body
    assert (found.language, found.assets[0].name, found.assets[0].size) == ("de", "items/images/map.png", 3)


def test_marks_of_speech_leave_their_words_alone():
    spoken = (
        '<p xmlns:ssml="http://www.w3.org/2001/10/synthesis">The <ssml:sub alias="World Health">WHO</ssml:sub>'
        " <ssml:s>said <b>so</b>.</ssml:s><ssml:break/> Twice.</p>"
    )
    found = read(body(spoken))
    assert "<p>The WHO said <b>so</b>. Twice.</p>" in found.item.content.body


def test_an_inline_drawing_becomes_a_harmless_picture():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><title>Dot</title><script>x</script>'
    svg += '<circle cx="5" cy="5" r="4" style="fill:url(http://evil/x)"/><image href="http://evil/x.png"/></svg>'
    found = read(body(f"<p>{svg}</p>"))
    asset = found.item.content.assets[0]
    assert f'<img src="{asset.name}" alt="Dot">' in found.item.content.body
    drawing = found.assets[asset.sha256].decode()
    assert "circle" in drawing
    assert not any(word in drawing for word in ("script", "evil", "onload", "image"))


def test_films_and_sounds_keep_their_sources_and_get_controls():
    markup = '<div><video width="320" autoplay="true"><source src="a.mp4" type="video/mp4"/></video></div>'
    markup += '<p><object type="audio/mpeg" data="b.mp3"/></p>'
    found = read(body(markup), files={"items/a.mp4": b"film", "items/b.mp3": b"song"}).item.content
    assert '<video width="320" controls="controls"><source src="items/a.mp4" type="video/mp4"></video>' in found.body
    assert '<audio src="items/b.mp3" controls="controls"></audio>' in found.body
    assert [asset.media_type for asset in found.assets] == ["video/mp4", "audio/mpeg"]


def test_an_object_that_cannot_be_shown_gives_way_to_what_stands_inside():
    markup = '<div><object type="image/eps" data="p.eps">'
    markup += '<object type="image/png" data="p.png">A card</object></object></div>'
    found = read(body(markup), files={"items/p.png": b"png"})
    assert '<img src="items/p.png" alt="A card">' in found.item.content.body
    assert any("p.eps" in note for note in found.notes)


@pytest.mark.parametrize("kind", ["stimulus", "page"])
def test_shared_text_is_read_once_with_its_own_pictures(kind):
    if kind == "stimulus":
        stimulus = s.NAMESPACES["2.2"]
        text = f'<assessmentStimulus xmlns="{stimulus}" identifier="P1"><stimulusBody>'
        text += '<p>Once <img src="f.png" alt="f"/></p>'
        files = {"texts/p.xml": (text + "</stimulusBody></assessmentStimulus>").encode()}
        inner = body("").replace(
            "<itemBody>", '<assessmentStimulusRef identifier="P1" href="../texts/p.xml"/><itemBody>'
        )
    else:
        page = '<html><body onload="x()"><p>Once <img src="f.png" alt="f"></p><script>1</script></body></html>'
        files = {"texts/p.xml": page.encode()}
        inner = body('<div><object data="../texts/p.xml" type="text/html"/></div>')
    found = read(inner, files={**files, "texts/f.png": b"png"})
    content = found.item.content
    assert content.stimulus == '<p>Once <img src="texts/f.png" alt="f"></p>'
    assert content.stimulus_key == ("P1" if kind == "stimulus" else "texts/p.xml")
    assert [asset.name for asset in content.assets] == ["texts/f.png"]


@pytest.mark.parametrize(
    ("inner", "more", "word"),
    [
        (body(""), {"attributes": 'adaptive="true" timeDependent="false"'}, "adaptive"),
        (
            '<templateDeclaration identifier="T" cardinality="single" baseType="integer"/>' + body("<p/>"),
            {},
            "template",
        ),
        (body('<p><printedVariable identifier="T"/></p>'), {}, "template"),
        (
            s.declare("string", "single") + s.SCORE + '<itemBody><customInteraction responseIdentifier="RESPONSE">'
            "<x/></customInteraction></itemBody>" + s.MATCH,
            {},
            "foreign code",
        ),
        (body("", s.rules(s.assign(f"<random><multiple>{s.base('float', 1)}</multiple></random>"))), {}, "chance"),
        (body("", s.rules(s.assign('<customOperator class="x.Y"/>'))), {}, "x.Y"),
        (body("", "", s.declare("identifier", "single")), {}, "no key"),
        (body("", s.MATCH, s.declare("identifier", "single")), {}, "no key"),
        (s.SCORE + "<itemBody><p>Read this.</p></itemBody>", {}, "asks nothing"),
        (s.declare("identifier", "single", ["A"]) + s.SCORE + s.MATCH, {}, "asks nothing"),
    ],
)
def test_what_cannot_be_delivered_is_kept_and_says_why(inner, more, word):
    found = read(inner, **more).item
    assert word in found.not_deliverable
    assert found.not_deliverable.endswith(".")


def test_a_portable_custom_interaction_is_kept_whole():
    inner = (
        s.declare("string", "single") + s.SCORE + '<itemBody><portableCustomInteraction responseIdentifier="RESPONSE" '
    )
    inner += 'customInteractionTypeIdentifier="org.x"><interactionMarkup><div>q</div></interactionMarkup>'
    found = read(inner + "</portableCustomInteraction></itemBody>" + s.MATCH).item
    assert found.content.interactions[0].kind == "portable_custom"
    assert "interactionMarkup" in found.content.interactions[0].options["markup"]
    assert "<div>q" not in found.content.body


@pytest.mark.parametrize(
    ("inner", "word"),
    [
        (
            body("").replace('identifier="RESPONSE" cardinality', 'identifier="OTHER" cardinality'),
            "no response declaration",
        ),
        (body("", declared=s.declare("number", "single", ["B"])), "base type"),
        (body("", declared=s.declare("identifier", "set", ["B"])), "cardinality"),
        (body("", declared=s.declare("integer", "single", ["2.5"])), "whole number"),
        (body("", declared=s.declare("identifier", "single", ["Z"])), "none of its choices"),
        (body("", declared=s.declare("identifier", "single", ["B"]) * 2), "declared twice"),
        (body("", s.rules(s.assign(""))), "operands"),
        (body("", s.rules(s.assign(s.base("float", "one")))), "not a number"),
        (body("", '<responseProcessing template="http://x.org/rp/my_own"/>'), "my_own"),
        (body("", declared=s.declare("identifier", "single", ["B"], s.mapping({"B": "many"}))), "many"),
        (body("", declared=s.declare("point", "single", [], s.areas(("circle", "1,2", 1)))), "coordinates"),
        (body("", declared=s.declare("point", "single", [], s.areas(("star", "1,2", 1)))), "no shape"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_place(inner, word):
    with pytest.raises(ItemInvalid, match=word):
        read(inner)


def test_files_that_are_no_items_are_refused():
    for data, word in (
        (b"<html/>", "html"),
        (b"<a>", "not well-formed"),
        (b"", "not well-formed"),
        (b"\xff\xfe", "XML"),
    ):
        with pytest.raises(FileRefused, match=word):
            read_item(data)


@pytest.mark.parametrize(
    "address",
    [
        "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct",
        "http://www.imsglobal.org/question/qti_v2p2/rptemplates/match_correct.xml",
        "https://www.imsglobal.org/question/qti_v3p0/rptemplates/match_correct.xml",
        "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml",
        "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct",
        "../rptemplates/Match_Correct.xml",
    ],
)
def test_templates_are_known_by_their_last_segment(address):
    found = read(body("", f'<responseProcessing template="{address}"/>')).item
    assert found.scoring.rule == "match_correct"


def test_a_template_of_the_package_itself_is_carried_out():
    carried = s.rules(
        s.when(f'<match>{s.variable()}<correct identifier="RESPONSE"/></match>', s.assign(s.base("float", 3)))
    )
    template = carried.replace("<responseProcessing>", f'<responseProcessing xmlns="{s.NAMESPACES["2.2"]}">')
    inner = body("", '<responseProcessing template="http://x.org/rp/my_own.xml"/>')
    found = read(inner, files={"rptemplates/my_own.xml": template.encode()}).item
    assert (found.scoring.rule, score(found.scoring, {"RESPONSE": ["B"]}).score) == ("rules", 3)


def test_open_answers_wait_for_a_person():
    for kind in ("extendedText", "upload", "drawing"):
        inner = (
            s.declare("string", "single")
            + '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float" '
        )
        inner += f'normalMaximum="6"/><itemBody><{kind}Interaction responseIdentifier="RESPONSE"><prompt>Do.</prompt>'
        found = read(f"{inner}</{kind}Interaction></itemBody>").item
        assert (found.scoring.rule, found.scoring.max_category, found.not_deliverable) == ("human", 6, "")
        assert score(found.scoring, {"RESPONSE": ["text"]}).status == "awaiting"


def test_an_outcome_scored_by_people_decides_over_rules():
    external = s.SCORE.replace("/>", ' externalScored="human"/>')
    assert read(body("").replace(s.SCORE, external)).item.scoring.rule == "human"


def test_a_keyed_item_without_rules_goes_by_its_key_and_says_so():
    found = read(body("", ""))
    assert found.item.scoring.rule == "match_correct"
    assert "correct responses" in found.notes[0]


def test_several_pairs_under_a_single_value_are_taken_as_several():
    inner = s.declare("directedPair", "single", ["B G1", "D G2"]) + s.SCORE
    inner += '<itemBody><gapMatchInteraction responseIdentifier="RESPONSE" shuffle="false">'
    inner += s.choices(("B", "b"), ("D", "d"), name="gapText", extra=' matchMax="1"')
    inner += '<p><gap identifier="G1"/><gap identifier="G2"/></p></gapMatchInteraction></itemBody>'
    found = read(inner + s.MATCH)
    assert "single value" in found.notes[0]
    answers = (["D G2", "B G1"], ["B G1"], [])
    assert [score(found.item.scoring, {"RESPONSE": given}).category for given in answers] == [1, 0, 0]


@pytest.mark.parametrize("processing", [s.MATCH, ""])
def test_several_right_words_for_a_single_value_each_count(processing):
    inner = s.declare("string", "single", ["grey", "gray"]) + s.SCORE
    inner += '<itemBody><p><textEntryInteraction responseIdentifier="RESPONSE"/></p></itemBody>'
    found = read(inner + processing)
    assert any("each of them counts" in note for note in found.notes)
    answers = (["grey"], ["gray"], ["green"], [])
    assert [score(found.item.scoring, {"RESPONSE": given}).category for given in answers] == [1, 1, 0, 0]


def test_a_missing_picture_is_told():
    found = read(body('<p><img src="gone.png" alt="gone"/></p>'))
    assert "items/gone.png" in found.notes[0]


@pytest.mark.parametrize(
    "reference", ["http://x.org/a.png", "//x.org/a.png", "/etc/a.png", "../../a.png", "data:image/png;base64,aa"]
)
def test_references_outside_the_package_are_left_out(reference):
    found = read(body(f'<p><img src="{reference}" alt="a"/></p>'), files={"a.png": b"x"})
    assert '<img alt="a">' in found.item.content.body
    assert "outside the package" in found.notes[0]


@pytest.mark.parametrize(
    ("entries", "extra", "highest", "step"),
    [
        ({"A": 1, "B": 1}, 'defaultValue="0"', 2, 1),
        ({"A": 0.5, "B": 1}, 'defaultValue="0"', 3, 0.5),
        ({"A": 0.25}, 'defaultValue="0"', 1, 0.25),
        ({"A": 3, "B": 3}, 'defaultValue="0" upperBound="3"', 1, 3),
        ({"A": 1, "B": -1}, 'defaultValue="0"', 1, 1),
        ({"A": 37, "B": 63}, 'defaultValue="0"', 10, 10),
        ({"A": 0.1, "B": 2.9}, 'defaultValue="0"', 3, 1),
    ],
)
def test_points_are_cut_into_the_categories_they_state(entries, extra, highest, step):
    declared = s.declare("identifier", "multiple", ["A"], s.mapping(entries, extra))
    inner = body("", s.MAP, declared).replace('maxChoices="1"', 'maxChoices="0"')
    found = read(inner)
    assert (found.item.scoring.max_category, found.item.scoring.points_per_category) == (highest, step)
    assert bool(found.notes) == (highest == 10 or 2.9 in entries.values())


def test_rules_that_map_reach_what_the_mapping_gives():
    declared = s.declare("identifier", "ordered", [], s.mapping({"A": 1, "B": 2}))
    inner = body("", s.rules(s.assign('<mapResponse identifier="RESPONSE"/>')), declared)
    scoring = read(inner.replace('maxChoices="1"', 'maxChoices="0"')).item.scoring
    assert (scoring.max_category, score(scoring, {"RESPONSE": ["A", "B"]}).category) == (3, 3)


def test_a_drawing_under_an_interaction_is_its_picture():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><title>Map</title><rect width="9"/></svg>'
    item = s.sample("hotspot", "3.0").replace(s.as_three(s.PICTURE).encode(), svg.encode())
    picture = read_item(item, "x.xml").item.content.interactions[0].picture
    assert (picture.asset[:9], picture.width, picture.alt) == ("drawings/", 200, "Map")


@pytest.mark.parametrize("mask", [r"\d{1,3}(,\d{3})*(\.\d+)?", "[A-Z]+-[0-9]+", "a|b|c|d", r"(\+|-)?\d+"])
def test_a_pattern_of_the_usual_kind_comes_in(mask):
    item = s.sample("text_entry").replace(b'expectedLength="10"', f'patternMask="{mask}"'.encode())
    assert read_item(item, "x.xml").item.content.interactions[0].pattern == mask


def test_a_pattern_that_could_run_for_ever_is_left_out_with_a_note():
    item = s.sample("text_entry").replace(b'expectedLength="10"', b'patternMask="(a+)+b"')
    found = read_item(item, "x.xml")
    assert found.item.content.interactions[0].pattern == ""
    assert "for ever" in found.notes[0]


def test_feedback_after_the_attempt_is_kept_by_outcome():
    modal = '<modalFeedback outcomeIdentifier="FB" identifier="yes" showHide="show">Well <b>done</b></modalFeedback>'
    modal += '<modalFeedback outcomeIdentifier="FB" identifier="no" showHide="hide">Always</modalFeedback>'
    assert read(body("") + modal).item.scoring.feedback == {"FB.!no": "Always", "FB.yes": "Well <b>done</b>"}


def test_rules_that_name_unknown_variables_are_imported_with_a_note():
    found = read(body("", s.rules(s.assign(s.variable("NOBODY")))))
    assert "NOBODY" in found.notes[0]
    assert score(found.item.scoring, {"RESPONSE": ["B"]}).score == 0
