"""Items of the project's own writing as other programs export them: rules spelt out, oddities included, with answers
and the SCORE that QTI's own semantics give each (worked out by hand from the rules)."""

from tests.itembank.qti import samples as s
from tests.itembank.qti.building import (
    ALL_OR_NONE,
    LOOKED_UP,
    NOT_BELOW_ZERO,
    ORDERED_WORDS,
    TALLY,
    branches,
    choice,
    contains_word,
    entry,
    interpolation,
    is_null,
    known,
    op,
    outcome,
    plus,
    points,
    right,
    said,
    spots,
    taken_off,
    worth,
)

VECTORS = {
    "two_parts_with_words_to_find": (
        s.declare("identifier", "single", identifier="FORM")
        + s.declare("string", "single", identifier="WORD")
        + outcome("SCORE", default="0.0")
        + outcome("SCORE1", default="0.0")
        + outcome("SCORE2", default="0.0")
        + ORDERED_WORDS,
        "<p>To what question is 'sixteen is one' an answer?</p><p><inlineChoiceInteraction responseIdentifier=\"FORM\" "
        f'shuffle="true">{s.choices(("Q1", "What is"), ("Q2", "Why is"), name="inlineChoice")}'
        f"</inlineChoiceInteraction> {entry('WORD')}?</p>",
        s.rules(
            branches(
                (op("match", s.variable("FORM"), s.base("identifier", "Q1")), worth("1.0", "SCORE1")),
                last=worth("0.0", "SCORE1"),
            ),
            branches(
                (contains_word(1), s.assign(s.base("float", "1.0"), "SCORE2")),
                (contains_word(2), s.assign(s.base("float", "0.5"), "SCORE2")),
                last=s.assign(s.base("float", "0.0"), "SCORE2"),
            ),
            s.assign(op("sum", s.variable("SCORE1"), s.variable("SCORE2"))),
        ),
        [
            ({"FORM": ["Q1"], "WORD": ["a Square Number"]}, 2),
            ({"FORM": ["Q1"], "WORD": ["an even number"]}, 1.5),
            ({"FORM": ["Q2"], "WORD": ["a square number"]}, 1),
            ({"FORM": [], "WORD": []}, 0),
            ({"FORM": ["Q1"], "WORD": []}, 1),
        ],
    ),
    "order_by_places": (
        s.declare("identifier", "ordered", ["D", "A", "B", "C"])
        + outcome("SCORE", default="0")
        + outcome("MAXSCORE", default="2")
        + outcome("N", "integer", default="0"),
        '<orderInteraction responseIdentifier="RESPONSE" orientation="vertical">'
        f"{s.choices(*((k, f'step {k}') for k in 'ABCD'))}</orderInteraction>",
        s.rules(
            TALLY,
            branches(
                (op("match", s.variable("N"), s.base("integer", "4")), points("2")),
                (op("gte", s.variable("N"), s.base("integer", "2")), points("1")),
                last=points("0"),
            ),
        ),
        [(["D", "A", "B", "C"], 2), (["D", "A", "C", "B"], 1), (["A", "D", "C", "B"], 0), (["D"], 0), ([], 0)],
    ),
    "members_of_single_responses_through_a_table": (
        s.declare("identifier", "single", ["B"], identifier="R1")
        + s.declare("identifier", "single", ["C"], identifier="R2")
        + outcome("P1")
        + outcome("P2")
        + outcome("SCORE", table=interpolation([(2, 1), (1, 0), (0, 0)]))
        + outcome("MAXSCORE", default="2"),
        choice("R1") + choice("R2"),
        s.rules(
            s.when(op("member", s.base("identifier", "B"), s.variable("R1")), plus("P1")),
            s.when(op("member", s.base("identifier", "C"), s.variable("R2")), plus("P2")),
            op("lookupOutcomeValue", op("sum", s.variable("P1"), s.variable("P2")), identifier="SCORE"),
        ),
        [({"R1": ["B"], "R2": ["C"]}, 1), ({"R1": ["B"], "R2": ["A"]}, 0), ({"R1": [], "R2": ["C"]}, 0)],
    ),
    "hotspots_all_or_none": (
        s.declare("identifier", "multiple", ["A", "C"])
        + outcome("RAW")
        + outcome("SCORE", table=interpolation([(1, 4), (0, 0)]))
        + outcome("MAXSCORE", default="4"),
        f'<hotspotInteraction responseIdentifier="RESPONSE" maxChoices="4" minChoices="1">{s.PICTURE}{spots("ABCD")}'
        "</hotspotInteraction>",
        s.rules(ALL_OR_NONE, *(taken_off(key, key in "AC") for key in "ABCD"), NOT_BELOW_ZERO, LOOKED_UP),
        [(["A", "C"], 4), (["C", "A"], 4), (["A"], 0), (["A", "B", "C"], 0), (["B", "D"], 0), ([], 0)],
    ),
    "a_raw_point_worth_eight": (
        s.declare("identifier", "single", ["A"])
        + outcome("RAW_SCORE", "integer", default="0")
        + outcome("SCORE", table=interpolation([(1, 8), (0, 0)])),
        choice(),
        s.rules(
            s.when(
                op("member", s.base("identifier", "A"), s.variable()),
                s.assign(op("sum", s.base("integer", "1"), s.variable("RAW_SCORE")), "RAW_SCORE"),
            ),
            op("lookupOutcomeValue", s.variable("RAW_SCORE"), identifier="SCORE"),
        ),
        [(["A"], 8), (["B"], 0), ([], 0)],
    ),
    "numbers_equal_and_a_default_to_compare_with": (
        s.declare("float", "single", ["4.0"], identifier="R1")
        + s.declare("float", "single", ["2.0"], identifier="R2")
        + outcome("SCORE", default="0.0")
        + outcome("MAXSCORE", default="2.0")
        + outcome("BASIC", "identifier", default="empty"),
        f"<p>Two and two is {entry('R1')}, one and one {entry('R2')}.</p>",
        s.rules(
            *(
                s.when(
                    op("equal", s.variable(name), f'<correct identifier="{name}"/>', toleranceMode="exact"),
                    plus("SCORE"),
                )
                for name in ("R1", "R2")
            ),
            s.when(
                op(
                    "and",
                    op("not", op("match", s.variable("BASIC"), s.base("identifier", "empty"))),
                    op("equal", s.variable("SCORE"), s.variable("MAXSCORE"), toleranceMode="exact"),
                ),
                s.assign(s.base("identifier", "correct"), "BASIC"),
            ),
        ),
        [({"R1": ["4"], "R2": ["2.0"]}, 2), ({"R1": ["4,0"], "R2": ["3"]}, 1), ({"R1": [], "R2": []}, 0)],
    ),
    "two_wordings_and_feedback": (
        s.declare("string", "single", ["gradient"], s.mapping({"slope": 1.0, "gradient": 1.0}))
        + outcome("SCORE", extra=' normalMaximum="1.0"')
        + outcome("FEEDBACK", "identifier", cardinality="multiple"),
        f"<p>What does a derivative give?</p><div>{entry()}</div>",
        s.rules(
            s.when(
                is_null(),
                points("0.0"),
                s.assign('<mapResponse identifier="RESPONSE"/>')
                + branches(
                    (right(), said("OK", "OK1")),
                    last=said("NO"),
                ),
            )
        ),
        [(["gradient"], 1), (["slope"], 1), (["Slope"], 0), (["area"], 0), ([], 0)],
    ),
    "hint_and_question": (
        s.declare("identifier", "single", ["C"])
        + s.declare("boolean", "single", identifier="HINT")
        + s.SCORE
        + outcome("FEEDBACK", "identifier"),
        choice() + '<p><endAttemptInteraction responseIdentifier="HINT" title="Help"/></p>',
        s.rules(
            s.assign(s.base("identifier", "NONE"), "FEEDBACK"),
            s.when(
                s.variable("HINT"),
                s.assign(s.base("identifier", "HELP"), "FEEDBACK"),
                s.when(right(), points("1"), points("0")),
            ),
        ),
        [({"RESPONSE": ["C"]}, 1), ({"RESPONSE": ["A"]}, 0), ({"RESPONSE": ["C"], "HINT": ["true"]}, 0)],
    ),
    "pairs_of_unequal_worth": (
        s.declare("pair", "multiple", ["A D", "B E", "C F"], s.mapping({"A D": 1, "B E": 1, "C F": 2}))
        + s.SCORE
        + outcome("FEEDBACK", "identifier"),
        '<associateInteraction responseIdentifier="RESPONSE" shuffle="true" maxAssociations="3">'
        + s.choices(*((k, f"term {k}") for k in "ABCDEF"), name="simpleAssociableChoice", extra=' matchMax="1"')
        + "</associateInteraction>",
        s.rules(
            s.when(
                is_null(),
                points("0.0"),
                s.assign('<mapResponse identifier="RESPONSE"/>')
                + s.when(
                    op("equal", s.variable("SCORE"), s.base("float", "4.0"), toleranceMode="exact"),
                    s.assign(s.base("identifier", "OK"), "FEEDBACK"),
                ),
            )
        ),
        [(["D A", "B E", "F C"], 4), (["C F"], 2), (["A B"], 0), (["A D", "B E"], 2), ([], 0)],
    ),
    "gaps_worth_three_together": (
        s.declare("directedPair", "multiple", ["F G1", "C G2", "H G3"]) + outcome("SCORE", default="0.0"),
        '<gapMatchInteraction responseIdentifier="RESPONSE" shuffle="true">'
        + s.choices(*((k, f"word {k}") for k in "FCSH"), name="gapText", extra=' matchMax="1"')
        + '<blockquote><p>First <gap identifier="G1"/>, then <gap identifier="G2"/> and <gap identifier="G3"/>.</p>'
        "</blockquote></gapMatchInteraction>",
        s.rules(s.when(right(), points("3.0"), points("0.0"))),
        [
            (["F G1", "C G2", "H G3"], 3),
            (["H G3", "F G1", "C G2"], 3),
            (["F G1", "C G2"], 0),
            (["F G1", "C G3", "H G2"], 0),
        ],
    ),
    "one_full_stop_to_place": (
        s.declare("directedPair", "multiple", ["A G2"]) + outcome("SCORE", "integer", default="0"),
        '<div class="content"><gapMatchInteraction responseIdentifier="RESPONSE" shuffle="false">'
        '<gapText identifier="A" matchMax="1">.</gapText><p><span>It rains<span><gap identifier="G1"/></span> here'
        '<span><gap identifier="G2"/></span><br/></span></p></gapMatchInteraction></div>',
        s.rules(
            s.when(op("member", s.base("directedPair", "A G2"), s.variable()), plus("SCORE", "1", "integer")),
            s.when(
                op("gte", s.variable("SCORE"), s.base("integer", "1")),
                s.assign(s.base("integer", "1")),
                s.assign(s.base("integer", "0")),
            ),
        ),
        [(["A G2"], 1), (["A G1"], 0), ([], 0)],
    ),
    "markers_on_a_map": (
        s.declare(
            "point", "multiple", ["118 84", "50 35"], s.areas(("circle", "118,84,12", 1), ("circle", "50,35,12", 1))
        )
        + s.SCORE,
        f'<positionObjectStage>{s.PICTURE}<positionObjectInteraction responseIdentifier="RESPONSE" maxChoices="2">'
        '<object type="image/png" data="images/n.png" width="9" height="9"/></positionObjectInteraction>'
        "</positionObjectStage>",
        s.POINTS,
        [(["118 84", "50 35"], 2), (["50 36", "49 35"], 1), (["1 1"], 0), ([], 0)],
    ),
    "pictures_onto_a_map": (
        s.declare(
            "directedPair",
            "multiple",
            ["G A", "E B"],
            s.mapping({"G A": 1, "E B": 1}, 'defaultValue="-1" lowerBound="0"'),
        )
        + s.SCORE,
        f'<graphicGapMatchInteraction responseIdentifier="RESPONSE" maxAssociations="0">{s.PICTURE}'
        + "".join(
            f'<gapImg identifier="{k}" matchMax="1"><object type="image/png" data="images/n.png" width="9" height="9"/>'
            "</gapImg>"
            for k in "GEM"
        )
        + spots("AB", "associableHotspot", ' matchMax="1"')
        + "</graphicGapMatchInteraction>",
        s.MAP,
        [(["G A", "E B"], 2), (["G A", "M B"], 0), (["G A"], 1), (["M A"], 0), ([], 0)],
    ),
    "routes_named_either_way": (
        s.declare(
            "pair",
            "multiple",
            ["C B", "C D"],
            s.mapping({"A B": -1, "A C": -1, "B C": 1, "C D": 1}, 'lowerBound="0" defaultValue="0"'),
        )
        + s.SCORE,
        f'<graphicAssociateInteraction responseIdentifier="RESPONSE" maxAssociations="3">{s.PICTURE}'
        + spots("ABCD", "associableHotspot", ' matchMax="3"')
        + "</graphicAssociateInteraction>",
        s.MAP,
        [(["C B", "C D"], 2), (["B C"], 1), (["D C", "A B"], 0), (["A B", "A C"], 0)],
    ),
    "a_slider_with_a_template_that_has_nothing_to_map": (
        s.declare("integer", "single", ["70"]) + s.SCORE,
        '<sliderInteraction responseIdentifier="RESPONSE" lowerBound="0" upperBound="100" step="10"/>',
        s.MAP,
        [(["70"], 1), (["60"], 0), ([], 0)],
    ),
    "three_tables_and_no_rules": (
        "".join(s.declare("directedPair", "multiple", ["L F", "M I"], identifier=name) for name in ("R1", "R2"))
        + outcome("SCORE", default="0.0"),
        "".join(
            f'<matchInteraction responseIdentifier="{name}" maxAssociations="2">{s.MATCH_SETS}</matchInteraction>'
            for name in ("R1", "R2")
        ),
        "",
        [({"R1": ["L F", "M I"], "R2": ["M I", "L F"]}, 1), ({"R1": ["L F", "M I"], "R2": ["M I"]}, 0)],
    ),
    "a_choice_and_its_reason": (
        s.declare("identifier", "single", ["B"], identifier="R1")
        + s.declare("string", "single", identifier="R2")
        + outcome("SCORE", default="0")
        + outcome("MAXSCORE", default="2"),
        choice("R1") + '<extendedTextInteraction responseIdentifier="R2" expectedLines="6"/>',
        s.rules(s.when(right("R1"), plus("SCORE"))),
        [({"R1": ["B"], "R2": ["because"]}, 1), ({"R1": ["A"], "R2": []}, 0)],
    ),
    "a_letter_bought_with_spaces": (
        s.declare("string", "single", ["3"]) + outcome("P") + outcome("SCORE", table=interpolation([(1, 1), (0, 0)])),
        f"<p>{entry()}</p>",
        s.rules(
            s.when(
                op(
                    "stringMatch",
                    known("x:Trim", known("x:ToAscii", s.variable())),
                    s.base("string", "        3"),
                    caseSensitive="true",
                ),
                plus("P"),
            ),
            op("lookupOutcomeValue", op("max", s.variable("P"), s.variable("P")), identifier="SCORE"),
        ),
        [([" 3 "], 1), (["4"], 0), ([], 0)],
    ),
    "values_on_lines_of_their_own": (
        s.declare("identifier", "ordered", ["\n   B\n  ", "\n   A\n  "])
        + outcome("SCORE", default="\n  0\n ", extra=' normalMinimum="0.0" normalMaximum="1.0"')
        + outcome("MAXSCORE", default="\n  1\n "),
        '<orderInteraction responseIdentifier="RESPONSE" shuffle="true">'
        f"{s.choices(('A', 'get up'), ('B', 'wake up'))}</orderInteraction>",
        s.rules(s.when(right(), points("\n 1\n "), points("\n 0\n "))),
        [(["B", "A"], 1), (["A", "B"], 0), ([], 0)],
    ),
    "hundred_points_of_a_cartridge": (
        s.declare("identifier", "single", ["Q1"])
        + outcome("FEEDBACK", "identifier")
        + outcome("FEEDBACKBASIC", "identifier")
        + s.SCORE
        + outcome("MAXSCORE", default="100"),
        '<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="1">'
        + s.choices(("Q1", "yes"), ("Q2", "no"), extra=' fixed="true"')
        + "</choiceInteraction>"
        '<infoControl title="Hint">A hint.</infoControl>',
        s.TEMPLATE.format("CC2_match.xml"),
        [(["Q1"], 100), (["Q2"], 0), ([], 0)],
    ),
    "hot_words_with_a_table_of_worths": (
        s.declare(
            "identifier",
            "multiple",
            ["A", "D"],
            s.mapping({"A": 0.5, "D": 0.5}, 'defaultValue="-0.5" lowerBound="0"'),
        )
        + s.SCORE,
        '<hottextInteraction responseIdentifier="RESPONSE" maxChoices="2"><p>The '
        '<hottext identifier="A">dogs</hottext> <hottext identifier="B">who</hottext> bark '
        '<hottext identifier="D">loud</hottext>.</p></hottextInteraction>',
        s.MAP,
        [(["A", "D"], 1), (["A"], 0.5), (["A", "B"], 0), ([], 0)],
    ),
    "any_two_of_three": (
        s.declare("identifier", "multiple", ["A", "B", "C"]) + outcome("SCORE", default="0"),
        choice(keys="ABCDE", most=0),
        s.rules(
            s.when(
                op(
                    "and",
                    op(
                        "anyN",
                        *(op("member", s.base("identifier", k), s.variable()) for k in "ABC"),
                        min="2",
                        max="3",
                    ),
                    op("lte", op("containerSize", s.variable()), s.base("integer", "3")),
                ),
                points("1"),
            )
        ),
        [(["A", "B"], 1), (["A", "B", "C"], 1), (["A", "D"], 0), (["A", "B", "D", "E"], 0), ([], 0)],
    ),
    "graphic_order": (
        s.declare("identifier", "ordered", ["C", "A", "B"]) + s.SCORE,
        f'<graphicOrderInteraction responseIdentifier="RESPONSE">{s.PICTURE}{spots("ABC")}</graphicOrderInteraction>',
        s.MATCH,
        [(["C", "A", "B"], 1), (["A", "B", "C"], 0), ([], 0)],
    ),
    "point_inside": (
        s.declare("point", "single", ["93 50"], s.areas(("circle", "93,50,16", 1))) + s.SCORE,
        f'<selectPointInteraction responseIdentifier="RESPONSE" maxChoices="1">{s.PICTURE}</selectPointInteraction>',
        s.rules(
            s.when(
                op("inside", s.variable(), shape="rect", coords="80,40,110,60"),
                points("2"),
                s.assign('<mapResponsePoint identifier="RESPONSE"/>'),
            )
        ),
        [(["93 50"], 2), (["93 65"], 1), (["5 5"], 0)],
    ),
}


def vector(name, version="2.2"):
    head, body, processing, _ = VECTORS[name]
    return s.item(f"{head}<itemBody>{body}</itemBody>{processing}", version, identifier=name)


def answers(name):
    return [(given if isinstance(given, dict) else {"RESPONSE": given}, worth) for given, worth in VECTORS[name][3]]
