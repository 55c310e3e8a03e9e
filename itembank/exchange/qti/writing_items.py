"""One item as a QTI 2.2 or 3.0 file, its elements in the order the schemas ask for."""

from lxml import etree

from itembank.exchange.authored_html import paragraphs
from itembank.exchange.qti.body import UNLESS
from itembank.exchange.qti.names import XML
from itembank.exchange.qti.writing import Version, Writer, printable, written
from itembank.exchange.qti.writing_body import BodyWriter
from itembank.items import (
    AreaMapping,
    Expression,
    Item,
    ItemScoring,
    LookupTable,
    Mapping,
    NumericKey,
    OutcomeDeclaration,
    ResponseDeclaration,
    StatedField,
)

TEMPLATES: dict[Version, str] = {
    "2.2": "http://www.imsglobal.org/question/qti_v2p2/rptemplates/{}",
    "3.0": "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/{}.xml",
}
SCORE = OutcomeDeclaration(identifier="SCORE", base_type="float")


def write_item(item: Item, version: Version, place: str, stimulus: str = "") -> bytes:
    """The item as XML. `place` is the path it will have, `stimulus` that of its shared text ("" = none).

    What QTI cannot say (how points are cut, enemies, levels) is not in it: see `extras`.
    """
    writer = Writer(version)
    spoken = {"lang": item.content.language}
    adaptive = {"adaptive": False, "time_dependent": False}
    root = writer.root(
        "assessment_item", {"identifier": item.key, "title": item.title or item.key, **adaptive, **spoken}
    )
    for response in item.scoring.responses:
        _write_response(writer, root, response)
    for outcome in _outcomes(item.scoring):
        _write_outcome(writer, root, outcome)
    body = BodyWriter(writer, item.content, place)
    if stimulus:
        reference = {"identifier": _identifier(item.content.stimulus_key), "href": body.reference(stimulus)}
        writer.add(root, "assessment_stimulus_ref", reference)
    _write_body(writer, root, item, body)
    _write_processing(writer, root, item.scoring)
    _write_feedback(writer, root, item.scoring, body)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _identifier(text: str) -> str:
    """A name QTI allows: letters, digits, hyphen, underscore and point, not starting with a digit."""
    made = "".join(character if character.isalnum() or character in "-_." else "_" for character in text)
    return made if made[:1].isalpha() or made[:1] == "_" else f"_{made}"


def _outcomes(scoring: ItemScoring) -> list[OutcomeDeclaration]:
    known = {outcome.identifier for outcome in scoring.outcomes}
    missing = [] if "SCORE" in known else [SCORE]
    for key in scoring.feedback:
        name = key.partition(".")[0]
        if name and name not in known:
            known.add(name)
            missing.append(OutcomeDeclaration(identifier=name, base_type="identifier"))
    return [*scoring.outcomes, *missing]


def _write_values(writer: Writer, parent: etree._Element, name: str, values: tuple[str, ...]) -> None:
    if values:
        holder = writer.add(parent, name)
        for value in values:
            writer.add(holder, "value", text=printable(value))


def _write_fields(writer: Writer, parent: etree._Element, name: str, fields: tuple[StatedField, ...]) -> None:
    if fields:
        holder = writer.add(parent, name)
        for field in fields:
            said = {"field_identifier": field.name, "base_type": field.base_type}
            writer.add(holder, "value", said, printable(field.value))


def _write_response(writer: Writer, root: etree._Element, declared: ResponseDeclaration) -> None:
    types = {"cardinality": declared.cardinality, "base_type": declared.base_type}
    if declared.cardinality == "record":
        types.pop("base_type")
    made = writer.add(root, "response_declaration", {"identifier": declared.identifier, **types})
    _write_values(writer, made, "default_value", declared.default)
    _write_fields(writer, made, "default_value", declared.default_fields)
    _write_values(writer, made, "correct_response", declared.correct)
    _write_fields(writer, made, "correct_response", declared.correct_fields)
    if declared.mapping is not None and declared.mapping.entries:
        _write_mapping(writer, made, declared.mapping)
    if declared.area_mapping is not None and declared.area_mapping.entries:
        _write_areas(writer, made, declared.area_mapping)


def _bounds(mapping: Mapping | AreaMapping) -> dict[str, object]:
    return {"lower_bound": mapping.lower, "upper_bound": mapping.upper, "default_value": mapping.default}


def _write_mapping(writer: Writer, parent: etree._Element, mapping: Mapping) -> None:
    made = writer.add(parent, "mapping", _bounds(mapping))
    for entry in mapping.entries:
        case = None if entry.case_sensitive else False
        writer.add(made, "map_entry", {"map_key": entry.key, "mapped_value": entry.value, "case_sensitive": case})


def _write_areas(writer: Writer, parent: etree._Element, mapping: AreaMapping) -> None:
    made = writer.add(parent, "area_mapping", _bounds(mapping))
    for entry in mapping.entries:
        area = {"shape": entry.shape, "coords": entry.coords, "mapped_value": entry.value}
        writer.add(made, "area_map_entry", area)


def _write_outcome(writer: Writer, root: etree._Element, declared: OutcomeDeclaration) -> None:
    values: dict[str, object] = {"identifier": declared.identifier, "cardinality": declared.cardinality}
    values["base_type"] = None if declared.cardinality == "record" else declared.base_type
    values |= {"normal_maximum": declared.normal_maximum, "normal_minimum": declared.normal_minimum}
    if declared.external:
        values["external_scored"] = declared.external
    made = writer.add(root, "outcome_declaration", values)
    _write_values(writer, made, "default_value", declared.default)
    _write_fields(writer, made, "default_value", declared.default_fields)
    if declared.lookup is not None:
        _write_table(writer, made, declared.lookup)


def _write_table(writer: Writer, parent: etree._Element, table: LookupTable) -> None:
    made = writer.add(parent, f"{table.kind}_table", {"default_value": table.default})
    for source, target, include in table.rows:
        row: dict[str, object] = {"source_value": source, "target_value": target}
        if table.kind == "interpolation":
            row = {"source_value": source, "include_boundary": include, "target_value": target}
        writer.add(made, f"{table.kind}_table_entry", row)


def _write_body(writer: Writer, root: etree._Element, item: Item, body: BodyWriter) -> None:
    made = writer.add(root, "item_body")
    body.body(item.content.body, made)
    if item.scoring.rationale:
        rubric = writer.add(made, "rubric_block", {"view": "scorer"})
        body.text(
            paragraphs(item.scoring.rationale),
            writer.add(rubric, "content_body") if writer.version == "3.0" else rubric,
        )


def _write_processing(writer: Writer, root: etree._Element, scoring: ItemScoring) -> None:
    if scoring.rule in ("match_correct", "map_response", "map_response_point"):
        writer.add(root, "response_processing", {"template": TEMPLATES[writer.version].format(scoring.rule)})
        return
    rules = scoring.rules or (numeric_rules(scoring) if scoring.rule == "numeric" else ())
    if rules:
        made = writer.add(root, "response_processing")
        for rule in rules:
            _write_rule(writer, made, rule)


REQUIRED: dict[str, dict[str, object]] = {
    "string_match": {"case_sensitive": "true"},
    "substring": {"case_sensitive": "true"},
    "equal": {"tolerance_mode": "exact"},
    "equal_rounded": {"rounding_mode": "significantFigures"},
    "round_to": {"rounding_mode": "significantFigures"},
}
"""What the schemas want said of an operator and the interpreter takes for granted."""


def _write_rule(writer: Writer, parent: etree._Element, rule: Expression) -> None:
    said = {name: value for name, value in rule.items() if name not in ("op", "args", "value")}
    values = REQUIRED.get(rule["op"], {}) | said
    text = printable(str(rule["value"])) if rule["op"] == "base_value" else None
    made = writer.add(parent, rule["op"], values, text)
    for argument in rule.get("args", ()):
        _write_rule(writer, made, argument)


def numeric_rules(scoring: ItemScoring) -> tuple[Expression, ...]:
    """Keys with tolerance as QTI rules, for other programs: near enough to one of them earns all points."""
    points = written(scoring.points_per_category * scoring.max_category)
    near = [_near(scoring.responses[0].identifier, key) for key in scoring.numeric] if scoring.responses else []
    if not near:
        return ()
    return (
        {
            "op": "response_condition",
            "args": [
                {"op": "response_if", "args": [{"op": "or", "args": near}, _set_score(points)]},
                {"op": "response_else", "args": [_set_score("0")]},
            ],
        },
    )


def _near(response: str, key: NumericKey) -> Expression:
    tolerance = written(key.tolerance * 100 if key.relative else key.tolerance)
    mode = "relative" if key.relative else "absolute"
    stated: Expression = {"op": "base_value", "base_type": "float", "value": written(key.value)}
    given: Expression = {"op": "variable", "identifier": response}
    near: Expression = {"op": "equal", "tolerance_mode": mode, "tolerance": tolerance, "args": [stated, given]}
    return near if key.tolerance else {"op": "equal", "tolerance_mode": "exact", "args": [stated, given]}


def _set_score(points: str) -> Expression:
    stated = {"op": "base_value", "base_type": "float", "value": points}
    return {"op": "set_outcome_value", "identifier": "SCORE", "args": [stated]}


def _write_feedback(writer: Writer, root: etree._Element, scoring: ItemScoring, body: BodyWriter) -> None:
    for key, said in scoring.feedback.items():
        outcome, _, identifier = key.partition(".")
        hiding = identifier.startswith(UNLESS)
        shown = {"outcome_identifier": outcome or "FEEDBACK", "show_hide": "hide" if hiding else "show"}
        shown["identifier"] = identifier.removeprefix(UNLESS) or "ANY"
        made = writer.add(root, "modal_feedback", shown)
        body.fill(said, writer.add(made, "content_body") if writer.version == "3.0" else made)


def write_stimulus(identifier: str, markup: str, version: Version, place: str, item: Item) -> bytes:
    """A shared text as a file of its own."""
    writer = Writer(version)
    root = writer.root("assessment_stimulus", {"identifier": _identifier(identifier), "title": identifier or "Text"})
    root.set(f"{{{XML}}}lang", item.content.language)
    holder = writer.add(root, "stimulus_body")
    BodyWriter(writer, item.content, place).text(markup, holder)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
