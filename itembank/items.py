"""What an item is: content that may be shown, scoring that may not, and what is known about it.

Content and scoring are two records on purpose: delivery reads only `ItemContent`, so a key cannot leave by accident.
The internal form follows QTI 3.0's vocabulary (interactions bound to response variables), whatever file it came from.
"""

from typing import Any, Literal

from itembank.errors import ItemInvalid
from itembank.records import Record, canonical, digest

BaseType = Literal[
    "identifier", "boolean", "integer", "float", "string", "point", "pair", "directedPair", "duration", "file", "uri"
]
Cardinality = Literal["single", "multiple", "ordered", "record"]
Expression = dict[str, Any]
"""A response-processing rule or expression: {"op": name, attributes…, "args": [expressions]}."""


Answer = dict[str, list[str]]
"""Response identifier -> values given, as QTI strings ("A", "A B" for a pair, "12 40" for a point); [] = left blank."""


class Choice(Record, frozen=True, kw_only=True):
    """One option. `match_min`/`match_max` bound how often a match or associate choice may be used (0 = no bound)."""

    key: str
    content: str = ""
    fixed: bool = False
    match_min: int = 0
    match_max: int = 1
    group: tuple[str, ...] = ()
    shape: Literal["", "default", "rect", "circle", "poly", "ellipse"] = ""
    coords: str = ""


class Picture(Record, frozen=True, kw_only=True):
    """An image an interaction lies on: `asset` names the file in `ItemContent.assets`."""

    asset: str
    width: int = 0
    height: int = 0
    alt: str = ""


InteractionKind = Literal[
    "choice", "inline_choice", "text_entry", "order", "match", "gap_match", "hottext", "associate", "slider",
    "hotspot", "select_point", "graphic_order", "graphic_associate", "graphic_gap_match", "position_object",
    "extended_text", "upload", "drawing", "media", "end_attempt", "portable_custom", "custom",
]  # fmt: skip

HUMAN_SCORED: frozenset[str] = frozenset({"extended_text", "upload", "drawing"})


class Interaction(Record, frozen=True, kw_only=True):
    """One place where the learner acts, bound to the response variable `response`.

    The body holds `<span data-interaction="RESPONSE"></span>` where the interaction stands (and
    `data-gap`/`data-hottext` spans for gaps and hot words inside running text).
    """

    kind: InteractionKind
    response: str
    prompt: str = ""
    choices: tuple[Choice, ...] = ()
    targets: tuple[Choice, ...] = ()
    min_choices: int = 0
    max_choices: int = 1
    shuffle: bool = False
    lower: float | None = None
    upper: float | None = None
    step: float | None = None
    expected_length: int | None = None
    expected_lines: int | None = None
    placeholder: str = ""
    pattern: str = ""
    unit: str = ""
    numeric: bool = False
    picture: Picture | None = None
    options: dict[str, str] = {}


class Asset(Record, frozen=True, kw_only=True):
    """A file shown with an item: its name in the body, media type and SHA-256; the bytes are kept once per hash."""

    name: str
    media_type: str
    sha256: str
    size: int


class ItemContent(Record, frozen=True, kw_only=True):
    """All that a learner's browser may receive of an item: sanitised XHTML and its interactions."""

    body: str
    interactions: tuple[Interaction, ...]
    stimulus: str = ""
    stimulus_key: str = ""
    assets: tuple[Asset, ...] = ()
    language: str = "en"


class MapEntry(Record, frozen=True, kw_only=True):
    """One key of a mapping and what it is worth."""

    key: str
    value: float
    case_sensitive: bool = True


class Mapping(Record, frozen=True, kw_only=True):
    """Values to points: each distinct value counts once, the sum is clamped (QTI map_response)."""

    entries: tuple[MapEntry, ...]
    default: float = 0.0
    lower: float | None = None
    upper: float | None = None


class AreaEntry(Record, frozen=True, kw_only=True):
    """A shape on a picture and what a point inside it is worth."""

    shape: Literal["default", "rect", "circle", "poly", "ellipse"]
    coords: str
    value: float


class AreaMapping(Record, frozen=True, kw_only=True):
    entries: tuple[AreaEntry, ...]
    default: float = 0.0
    lower: float | None = None
    upper: float | None = None


class StatedField(Record, frozen=True, kw_only=True):
    """One field of a record that a declaration states: `value` in QTI string form."""

    name: str
    base_type: BaseType = "string"
    value: str = ""


class ResponseDeclaration(Record, frozen=True, kw_only=True):
    """A response variable: its type, what is right, what each value is worth.

    Records state theirs in `correct_fields` and `default_fields`.
    """

    identifier: str
    base_type: BaseType = "identifier"
    cardinality: Cardinality = "single"
    correct: tuple[str, ...] = ()
    mapping: Mapping | None = None
    area_mapping: AreaMapping | None = None
    default: tuple[str, ...] = ()
    correct_fields: tuple[StatedField, ...] = ()
    default_fields: tuple[StatedField, ...] = ()


class LookupTable(Record, frozen=True, kw_only=True):
    """A match or interpolation table of an outcome: (source, target, include boundary) rows."""

    kind: Literal["match", "interpolation"]
    rows: tuple[tuple[float, str, bool], ...]
    default: str | None = None


class OutcomeDeclaration(Record, frozen=True, kw_only=True):
    identifier: str
    base_type: BaseType = "float"
    cardinality: Cardinality = "single"
    default: tuple[str, ...] = ()
    normal_minimum: float | None = None
    normal_maximum: float | None = None
    external: Literal["", "human", "externalMachine"] = ""
    lookup: LookupTable | None = None
    default_fields: tuple[StatedField, ...] = ()


class NumericKey(Record, frozen=True, kw_only=True):
    """A right number and how near it must be. `tolerance` is absolute, or relative (0.05 = 5 %) when `relative`."""

    value: float
    tolerance: float = 0.0
    relative: bool = False


ScoringRule = Literal["match_correct", "map_response", "map_response_point", "numeric", "rules", "human", "none"]


class ItemScoring(Record, frozen=True, kw_only=True):
    """How an answer becomes a category. Never leaves the server before the sitting is over.

    `rule` names a template, or "rules" for an interpreted tree in `rules` (QTI response processing, names
    normalised: no `qti-` prefix, snake_case). The score is cut into categories 0 … `max_category`, one for each
    `points_per_category` points.
    """

    rule: ScoringRule = "match_correct"
    responses: tuple[ResponseDeclaration, ...] = ()
    outcomes: tuple[OutcomeDeclaration, ...] = ()
    rules: tuple[Expression, ...] = ()
    numeric: tuple[NumericKey, ...] = ()
    max_category: int = 1
    points_per_category: float = 1.0
    feedback: dict[str, str] = {}
    rationale: str = ""
    """Why the key is right, as plain text; `feedback` is sanitised XHTML."""
    unit: str = ""
    """The unit that a typed number may carry ("kg", "%", "€"); any other unit makes an answer unreadable."""


class ItemFacts(Record, frozen=True, kw_only=True):
    """What authors and selection know about an item besides its content: constraint attributes live here."""

    competencies: tuple[str, ...] = ()
    level: str = ""
    item_type: str = ""
    enemies: tuple[str, ...] = ()
    word_count: int = 0
    usual_seconds: float | None = None
    tags: tuple[str, ...] = ()
    anchor: bool = False
    alignments: tuple[str, ...] = ()
    source: str = ""


class ParameterFacts(Record, frozen=True, kw_only=True):
    """Item parameters as a file states them, already in the logistic metric (D = 1), with where they came from."""

    model: str
    discrimination: float | None = None
    difficulty: float | None = None
    guessing: float | None = None
    upper: float | None = None
    thresholds: tuple[float, ...] = ()
    steps: tuple[float, ...] = ()
    slopes: tuple[float, ...] = ()
    intercepts: tuple[float, ...] = ()
    standard_error: dict[str, float | list[float]] = {}
    population: str = ""
    n_responses: int | None = None


class Item(Record, frozen=True, kw_only=True):
    """One version of one item. `key` is the author's name for it; equal items have equal `content_hash`."""

    key: str
    content: ItemContent
    scoring: ItemScoring
    facts: ItemFacts = ItemFacts()
    title: str = ""
    parameters: ParameterFacts | None = None
    not_deliverable: str = ""
    """Empty, or the reason why this item is kept but never shown (adaptive, template, custom interaction …)."""


def content_hash(item: Item) -> str:
    """SHA-256 over what is shown, how it is scored and what selection knows; parameters are hashed apart."""
    return hash_of_parts(item, canonical(item.content), canonical(item.scoring), canonical(item.facts))


def hash_of_parts(item: Item, content: bytes, scoring: bytes, facts: bytes) -> str:
    """`content_hash` where the canonical bytes of the three parts are at hand."""
    return digest(item.key.encode(), content, scoring, facts, item.title.encode())


def check_item(item: Item) -> None:
    """Raise ItemInvalid when content and scoring contradict each other.

    Raises:
        ItemInvalid: naming the item, the part and what to change.
    """
    by_response = {interaction.response: interaction for interaction in item.content.interactions}
    if not by_response.keys() <= {response.identifier for response in item.scoring.responses}:
        _check_declared(item)
    if not item.not_deliverable and item.scoring.rule != "human":
        _check_keys(item, by_response)
    if item.scoring.max_category < 1 and not item.not_deliverable:
        raise ItemInvalid(
            f"Item {item.key}: max_score must be at least 1, so that a right answer differs from a wrong one."
        )


def _check_declared(item: Item) -> None:
    declared = {response.identifier for response in item.scoring.responses}
    for interaction in item.content.interactions:
        if interaction.kind not in ("end_attempt", "media") and interaction.response not in declared:
            raise ItemInvalid(
                f"Item {item.key}: interaction '{interaction.response}' has no response declaration; "
                "declare it or remove it."
            )


def _check_keys(item: Item, by_response: dict[str, Interaction]) -> None:
    for response in item.scoring.responses:
        interaction = by_response.get(response.identifier)
        if interaction is None or interaction.kind not in ("choice", "inline_choice"):
            continue
        known = {choice.key for choice in interaction.choices}
        for right in response.correct:
            if right not in known:
                raise ItemInvalid(
                    f"Item {item.key}: the key '{right}' is none of its choices ({', '.join(sorted(known))}); "
                    "correct the key."
                )


def is_machine_scored(item: Item) -> bool:
    """Whether an adaptive test may show the item: deliverable, and scored the moment it is answered."""
    return not item.not_deliverable and item.scoring.rule not in ("human", "none")
