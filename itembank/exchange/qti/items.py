"""One QTI item file to one item: content, scoring, and why it may not be delivered."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

import msgspec
from lxml import etree

from itembank.errors import FileRefused, ItemInvalid
from itembank.exchange.authored_html import plain_text
from itembank.exchange.qti.body import BodyReader
from itembank.exchange.qti.declarations import read_outcome, read_response
from itembank.exchange.qti.forms import NOT_ASKING, unaskable
from itembank.exchange.qti.interactions import CUSTOM, HANDLERS
from itembank.exchange.qti.keys import unanswerable, with_pairs_either_way, with_room_for_the_key
from itembank.exchange.qti.names import attributes, child, children, flag, language, local_name, name_of, parse
from itembank.exchange.qti.points import cut
from itembank.exchange.qti.rules import TEMPLATES, read_rules, template_of
from itembank.expressions.checks import check_rules, unsupported
from itembank.items import (
    HUMAN_SCORED,
    Interaction,
    Item,
    ItemContent,
    ItemFacts,
    ItemScoring,
    MapEntry,
    OutcomeDeclaration,
    ResponseDeclaration,
    ScoringRule,
    check_item,
)
from itembank.items import Mapping as ValueMapping
from itembank.records import Record, settled
from itembank.response_processing import BUILT_IN, walk
from itembank.scoring import common_cartridge_rules


class ReadItem(Record, frozen=True, kw_only=True):
    """An item as read, the bytes of its assets by SHA-256, and what was changed on the way."""

    item: Item
    assets: dict[str, bytes] = {}
    notes: tuple[str, ...] = ()


def read_item(data: bytes, place: str = "item.xml", files: Mapping[str, bytes] | None = None) -> ReadItem:
    """An item of QTI 2.1, 2.2 or 3.0. `files` are those of its package, for pictures, shared texts and templates.

    Raises:
        FileRefused: when the file is not an item at all.
        ItemInvalid: when it is one that contradicts itself.
    """
    root = parse(data, place)
    if name_of(root) != "assessment_item":
        raise FileRefused(f"{place} holds a '{local_name(root)}', not a QTI 2.1, 2.2 or 3.0 item.")
    return _ItemReader(root, place, files or {}).read()


class _ItemReader:
    def __init__(self, root: etree._Element, place: str, files: Mapping[str, bytes]) -> None:
        self.root = root
        self.place = place
        self.values = attributes(root)
        stated = _unique(read_response(part) for part in children(root, "response_declaration"))
        self.responses = tuple(map(_of_several_pairs, stated))
        self.outcomes = _unique(read_outcome(part) for part in children(root, "outcome_declaration"))
        declared = {response.identifier: response for response in self.responses}
        self.body = BodyReader(files, place, declared, HANDLERS)
        self.notes = self.body.notes
        self.reasons = self.body.reasons
        for taken, response in zip(self.responses, stated):
            if taken is not response:
                said = f"'{taken.identifier}' declares a single value and states several pairs; it takes several."
                self.notes.append(said)

    def read(self) -> ReadItem:
        content = self._content()
        scoring = self._scoring(content.interactions)
        self._judge(content, scoring)
        item = Item(
            key=self.values.get("identifier", "").strip() or self.place,
            title=self.values.get("title", "").strip(),
            content=content,
            scoring=scoring,
            facts=ItemFacts(item_type=_item_type(content), word_count=word_count(content)),
            not_deliverable=_sentence(self.reasons),
        )
        check_item(item)
        return ReadItem(item=settled(item), assets=self.body.store.contents, notes=tuple(dict.fromkeys(self.notes)))

    def _content(self) -> ItemContent:
        for part in children(self.root, "assessment_stimulus_ref"):
            values = attributes(part)
            self.body.read_stimulus(values.get("href", ""), values.get("identifier", ""))
        holder = child(self.root, "item_body")
        text = "" if holder is None else self.body.markup(holder)
        for part in children(self.root, "modal_feedback"):
            self.body.read_feedback(part, etree.Element("div"), "")
        if child(self.root, "catalog_info") is not None:
            self.notes.append("Its accessibility catalogues (spoken, braille, signed) are left out.")
        return ItemContent(
            body=text,
            interactions=self._interactions(),
            stimulus="\n".join(self.body.stimuli.values()),
            stimulus_key=" ".join(self.body.stimuli),
            assets=tuple(self.body.store.assets[name] for name in sorted(self.body.store.assets)),
            language=language(self.root) or "en",
        )

    def _interactions(self) -> tuple[Interaction, ...]:
        """The interactions as read, with room for their keys, and the keys in the way they can be answered."""
        stated = {response.identifier: response for response in self.responses}
        read = tuple(
            with_room_for_the_key(part, stated.get(part.response), self.notes) for part in self.body.interactions
        )
        asked = {part.response: part for part in read}
        self.responses = tuple(with_pairs_either_way(response, asked, self.notes) for response in self.responses)
        return read

    def _scoring(self, interactions: tuple[Interaction, ...]) -> ItemScoring:
        rule, rules = self._rule(interactions)
        scoring = ItemScoring(
            rule=rule,
            responses=self.responses,
            outcomes=self.outcomes,
            rules=rules,
            feedback=dict(sorted(self.body.feedback.items())),
            rationale=self._rationale(),
        )
        scoring = self._with_alternatives(scoring)
        if unsupported(rules):
            return scoring
        cut_scoring, note = cut(scoring, interactions)
        self.notes.extend([note] if note else [])
        return cut_scoring

    def _with_alternatives(self, scoring: ItemScoring) -> ItemScoring:
        """Several right values of a single response that nothing else scores: each of them is right."""
        stated = [one for one in scoring.responses if one.correct]
        if scoring.rule != "match_correct" or len(stated) != 1 or not _has_alternatives(stated[0]):
            return scoring
        self.notes.append("It states several right answers where one value is asked for; each of them counts.")
        worth = ValueMapping(entries=tuple(MapEntry(key=value, value=1.0) for value in stated[0].correct))
        keyed = msgspec.structs.replace(stated[0], correct=stated[0].correct[:1], mapping=worth)
        responses = tuple(keyed if one is stated[0] else one for one in scoring.responses)
        return msgspec.structs.replace(scoring, rule="map_response", responses=responses)

    def _rationale(self) -> str:
        """Guidance for scorers is plain text here; what only markup can say is named."""
        if any(SHOWN_BY_MARKUP.search(part) for part in self.body.guidance):
            self.notes.append("Its guidance for scorers is kept as plain text, without pictures, formulas and tables.")
        return "\n".join(plain_text(part) for part in self.body.guidance)

    def _rule(self, interactions: tuple[Interaction, ...]) -> tuple[ScoringRule, tuple[dict[str, object], ...]]:
        processing = child(self.root, "response_processing")
        template = "" if processing is None else template_of(processing)
        rules = () if processing is None else read_rules(processing)
        if any(outcome.identifier == "SCORE" and outcome.external for outcome in self.outcomes):
            return "human", rules
        if not rules and template:
            return self._templated(template)
        if not rules:
            return self._unprocessed(interactions), ()
        check_rules(rules)
        self._check_variables(rules)
        if not _sets_score(rules):
            human = any(interaction.kind in HUMAN_SCORED for interaction in interactions)
            return "human" if human else "none", rules
        return "rules", rules

    def _templated(self, template: str) -> tuple[ScoringRule, tuple[dict[str, object], ...]]:
        """A standard template, or one that the package itself carries."""
        empty = [outcome for outcome in self.outcomes if outcome.identifier == "MAXSCORE" and not outcome.default]
        outcomes = frozenset(outcome.identifier for outcome in self.outcomes if outcome not in empty)
        cartridge = common_cartridge_rules(template, outcomes)
        if cartridge is not None:
            return "rules", cartridge
        if template in TEMPLATES:
            return self._keyed(cast(ScoringRule, template)), ()
        rules = self._carried(template)
        check_rules(rules)
        self._check_variables(rules)
        return "rules", rules

    def _carried(self, template: str) -> tuple[dict[str, object], ...]:
        for name, data in self.body.store.files.items():
            if name.rsplit("/", 1)[-1].removesuffix(".xml") == template:
                root = parse(data, name)
                if name_of(root) == "response_processing":
                    return read_rules(root)
        raise ItemInvalid(f"The response processing template '{template}' is unknown and not in the package.")

    def _keyed(self, template: ScoringRule) -> ScoringRule:
        """The template, where the declarations hold what it needs; else what they do allow."""
        has = {
            "match_correct": any(response.correct or response.correct_fields for response in self.responses),
            "map_response": any(response.mapping is not None for response in self.responses),
            "map_response_point": any(response.area_mapping is not None for response in self.responses),
        }
        if has[template]:
            return template
        human = any(interaction.kind in HUMAN_SCORED for interaction in self.body.interactions)
        if has["match_correct"] and not human:
            self.notes.append(f"It names {template} without a mapping; it is scored by its correct responses instead.")
            return "match_correct"
        return "human" if human else "none"

    def _unprocessed(self, interactions: tuple[Interaction, ...]) -> ScoringRule:
        """Items without response processing: open answers wait for a person, keyed ones go by their key."""
        if any(interaction.kind in HUMAN_SCORED for interaction in interactions):
            return "human"
        if any(response.correct for response in self.responses):
            self.notes.append("It has no response processing; it is scored by its correct responses.")
            return "match_correct"
        return "none"

    def _check_variables(self, rules: Iterable[dict[str, object]]) -> None:
        declared = {response.identifier for response in self.responses} | set(BUILT_IN)
        declared |= {outcome.identifier for outcome in self.outcomes}
        contexts = {attributes(part).get("identifier", "") for part in children(self.root, "context_declaration")}
        templates = {attributes(part).get("identifier", "") for part in children(self.root, "template_declaration")}
        used = {str(part["identifier"]) for part in walk(tuple(rules)) if "identifier" in part}
        if used & (contexts | {CONTEXT}):
            self.notes.append("Its rules ask what the delivering program says of itself; that is empty here.")
        for name in sorted(used - declared - templates - contexts - {CONTEXT}):
            self.notes.append(f"Its rules name the variable '{name}', which it does not declare; it counts as empty.")

    def _judge(self, content: ItemContent, scoring: ItemScoring) -> None:
        if flag(self.values, "adaptive"):
            self.reasons.insert(0, "it is an adaptive item, which asks again after feedback")
        if any(True for _ in children(self.root, "template_declaration", "template_processing")):
            self.reasons.append("it is a template")
            self.notes.append("Its template processing is not kept.")
        if any(interaction.kind in CUSTOM for interaction in content.interactions):
            self.reasons.append("it holds a custom interaction, which is foreign code")
        self.reasons.extend(unsupported(scoring.rules))
        asking = [interaction for interaction in content.interactions if interaction.kind not in NOT_ASKING]
        if not asking:
            self.reasons.append("it asks nothing")
        elif scoring.rule == "none":
            self.reasons.append("it has no key and no rule to score it by")
        self.reasons.extend(unaskable(content.interactions))
        if not self.reasons and scoring.rule != "human":
            self._judge_key(content, scoring)

    def _judge_key(self, content: ItemContent, scoring: ItemScoring) -> None:
        """A key that no answer can meet makes an item worthless where nothing but the key scores it."""
        why = unanswerable(content, scoring.responses)
        if why and scoring.rule == "match_correct":
            self.reasons.append(f"its right answer cannot be given ({why})")
        elif why:
            self.notes.append(f"The answer it calls right cannot be given: {why}.")


SHOWN_BY_MARKUP = re.compile(r"<(img|math|table|audio|video|object)\b")
CONTEXT = "QTI_CONTEXT"


Declared = TypeVar("Declared", ResponseDeclaration, OutcomeDeclaration)


def _unique(declared: Iterable[Declared]) -> tuple[Declared, ...]:
    found: dict[str, Declared] = {}
    for variable in declared:
        if variable.identifier in found:
            raise ItemInvalid(f"Variable '{variable.identifier}' is declared twice; keep one declaration.")
        found[variable.identifier] = variable
    return tuple(found.values())


def _of_several_pairs(declared: ResponseDeclaration) -> ResponseDeclaration:
    """A response of pairs that states several right ones takes several, whatever cardinality it declares."""
    if declared.base_type in ("pair", "directedPair") and _has_alternatives(declared):
        return msgspec.structs.replace(declared, cardinality="multiple")
    return declared


def _has_alternatives(declared: ResponseDeclaration) -> bool:
    return declared.cardinality == "single" and len(declared.correct) > 1


def _sets_score(rules: tuple[dict[str, object], ...]) -> bool:
    setting = ("set_outcome_value", "lookup_outcome_value")
    return any(part["op"] in setting and part.get("identifier") == "SCORE" for part in walk(rules))


def _sentence(reasons: list[str]) -> str:
    said = "; ".join(dict.fromkeys(reasons))
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _item_type(content: ItemContent) -> str:
    kinds = list(dict.fromkeys(part.kind for part in content.interactions if part.kind not in NOT_ASKING))
    return kinds[0] if len(kinds) == 1 else "composite" if kinds else ""


def word_count(content: ItemContent) -> int:
    """How many words a learner reads: shared text, body, prompts and choices."""
    parts = [content.stimulus, content.body]
    for interaction in content.interactions:
        parts += [interaction.prompt, *(choice.content for choice in (*interaction.choices, *interaction.targets))]
    return sum(len(re.sub(r"<[^>]*>", " ", part).split()) for part in parts)
