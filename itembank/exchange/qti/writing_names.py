"""Names that QTI allows for choices and responses: authors' keys such as "1" or "2 b" get one, everywhere alike."""

import re

import msgspec

from itembank.items import Choice, Expression, Interaction, Item, MapEntry, ResponseDeclaration

NAMED_TYPES = ("identifier", "pair", "directedPair")
_MARKS = re.compile(r'(data-(?:interaction|gap|hottext|response|holds)=")([^"]*)(")')


def is_name(text: str) -> bool:
    """Whether QTI allows the text as an identifier: a letter or underscore, then letters, digits, - _ and points."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", text) is not None


def with_valid_names(item: Item) -> Item:
    """The item with every name QTI would not allow replaced in content, keys and rules; the same item when all are."""
    renamed = _renamed(item)
    return _Renaming(renamed).item(item) if renamed else item


def _renamed(item: Item) -> dict[str, str]:
    used = [interaction.response for interaction in item.content.interactions]
    used += [response.identifier for response in item.scoring.responses]
    for interaction in item.content.interactions:
        used += [choice.key for choice in (*interaction.choices, *interaction.targets)]
    taken, renamed = {name for name in used if is_name(name)}, dict[str, str]()
    for name in dict.fromkeys(used):
        if not is_name(name):
            plain = "_" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)
            while plain in taken:
                plain += "_"
            taken.add(plain)
            renamed[name] = plain
    return renamed


class _Renaming:
    def __init__(self, renamed: dict[str, str]) -> None:
        self.renamed = renamed

    def name(self, name: str) -> str:
        return self.renamed.get(name, name)

    def value(self, text: str, base_type: str) -> str:
        """A value of identifiers: one name, or the two of a pair."""
        return self.name(text) if base_type == "identifier" else " ".join(self.name(part) for part in text.split())

    def item(self, item: Item) -> Item:
        content = msgspec.structs.replace(
            item.content,
            body=_MARKS.sub(lambda mark: mark[1] + self.name(mark[2]) + mark[3], item.content.body),
            interactions=tuple(self.interaction(part) for part in item.content.interactions),
        )
        scoring = msgspec.structs.replace(
            item.scoring,
            responses=tuple(self.response(declared) for declared in item.scoring.responses),
            rules=tuple(self.rule(rule) for rule in item.scoring.rules),
        )
        return msgspec.structs.replace(item, content=content, scoring=scoring)

    def interaction(self, interaction: Interaction) -> Interaction:
        return msgspec.structs.replace(
            interaction,
            response=self.name(interaction.response),
            choices=tuple(self.choice(choice) for choice in interaction.choices),
            targets=tuple(self.choice(choice) for choice in interaction.targets),
        )

    def choice(self, choice: Choice) -> Choice:
        return msgspec.structs.replace(choice, key=self.name(choice.key))

    def response(self, declared: ResponseDeclaration) -> ResponseDeclaration:
        named = msgspec.structs.replace(declared, identifier=self.name(declared.identifier))
        if declared.base_type not in NAMED_TYPES:
            return named
        mapping = declared.mapping
        if mapping is not None:
            entries = tuple(self.entry(entry, declared.base_type) for entry in mapping.entries)
            mapping = msgspec.structs.replace(mapping, entries=entries)
        return msgspec.structs.replace(
            named,
            correct=tuple(self.value(text, declared.base_type) for text in declared.correct),
            default=tuple(self.value(text, declared.base_type) for text in declared.default),
            mapping=mapping,
        )

    def entry(self, entry: MapEntry, base_type: str) -> MapEntry:
        return msgspec.structs.replace(entry, key=self.value(entry.key, base_type))

    def rule(self, rule: Expression) -> Expression:
        made = dict(rule)
        if "identifier" in made:
            made["identifier"] = self.name(str(made["identifier"]))
        if made["op"] == "base_value" and made.get("base_type") in NAMED_TYPES:
            made["value"] = self.value(str(made.get("value", "")), str(made["base_type"]))
        if "args" in made:
            made["args"] = [self.rule(argument) for argument in made["args"]]
        return made
