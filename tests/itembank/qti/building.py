"""Pieces of QTI 2.x as other programs write them: declarations, rules and interactions to put items together from."""

from tests.itembank.qti import samples as s


def outcome(identifier, base_type="float", default="", cardinality="single", extra="", table=""):
    value = f"<defaultValue><value>{default}</value></defaultValue>" if default else ""
    head = f'<outcomeDeclaration identifier="{identifier}" cardinality="{cardinality}" baseType="{base_type}"{extra}>'
    return f"{head}{value}{table}</outcomeDeclaration>"


def interpolation(rows):
    entries = "".join(f'<interpolationTableEntry sourceValue="{a}" targetValue="{b}"/>' for a, b in rows)
    return f"<interpolationTable>{entries}</interpolationTable>"


def op(name, *args, **attributes):
    said = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{said}>{''.join(args)}</{name}>"


def plus(identifier, worth="1", base_type="float"):
    return s.assign(op("sum", s.variable(identifier), s.base(base_type, worth)), identifier)


def otherwise_if(condition, then):
    return f"<responseElseIf>{condition}{then}</responseElseIf>"


def branches(first, *more, last=""):
    rest = "".join(otherwise_if(*pair) for pair in more) + (f"<responseElse>{last}</responseElse>" if last else "")
    return f"<responseCondition><responseIf>{first[0]}{first[1]}</responseIf>{rest}</responseCondition>"


def right(name="RESPONSE"):
    return op("match", s.variable(name), f'<correct identifier="{name}"/>')


def is_null(name="RESPONSE"):
    return op("isNull", s.variable(name))


def points(worth):
    return s.assign(s.base("float", worth))


def worth(points_given, identifier):
    return s.assign(s.base("float", points_given), identifier)


def said(*values):
    return s.assign(op("multiple", *(s.base("identifier", value) for value in values)), "FEEDBACK")


def known(definition, *args):
    return op("customOperator", *args, definition=definition)


def entry(name="RESPONSE"):
    return f'<textEntryInteraction responseIdentifier="{name}" expectedLength="12"/>'


def choice(name="RESPONSE", keys="ABC", most=1, extra=""):
    options = s.choices(*((key, f"option {key}") for key in keys))
    head = f'<choiceInteraction responseIdentifier="{name}" shuffle="false" maxChoices="{most}"{extra}>'
    return f"{head}{options}</choiceInteraction>"


def spots(keys, name="hotspotChoice", extra=""):
    return "".join(
        f'<{name} identifier="{key}" shape="circle" coords="{20 + 30 * k},20,9"{extra}/>' for k, key in enumerate(keys)
    )


def contains_word(place):
    wanted = op("index", s.variable("WORDS"), n=place)
    return op("substring", wanted, s.variable("WORD"), caseSensitive="false")


ORDERED_WORDS = (
    '<outcomeDeclaration identifier="WORDS" cardinality="ordered" baseType="string"><defaultValue>'
    "<value>square number</value><value>even number</value><value>number</value></defaultValue></outcomeDeclaration>"
)
TALLY = "".join(
    s.when(op("match", op("index", s.variable(), n=place), s.base("identifier", key)), plus("N", "1", "integer"))
    for place, key in enumerate("DABC", start=1)
)
ALL_OR_NONE = s.when(is_null(), s.assign(s.base("float", "0"), "RAW"), s.assign(s.base("float", "1"), "RAW"))


def taken_off(key, wanted):
    has = op("member", s.base("identifier", key), s.variable())
    condition = op("not", has) if wanted else has
    return s.when(condition, s.assign(op("subtract", s.variable("RAW"), s.base("float", "1")), "RAW"))


NOT_BELOW_ZERO = s.when(op("lt", s.variable("RAW"), s.base("float", "0")), s.assign(s.base("float", "0"), "RAW"))
LOOKED_UP = op("lookupOutcomeValue", s.variable("RAW"), identifier="SCORE")
