"""What a strict CASE 1.1 package may hold: only named fields, identifiers that are UUIDs, times with a zone."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

UUID = {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"}
PATH = "([!$&-;=?-Z_a-z~]|%[0-9A-Fa-f]{2})"
URI = {"type": "string", "pattern": f"^[A-Za-z][A-Za-z0-9+.-]*:{PATH}+(#{PATH}*)?$"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "format": "date"}
CODE = {"type": "string"}
TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "array", "items": TEXT}
EXTENSIONS = {"type": "object"}
LANGUAGE = {"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"}
ASSOCIATION = {
    "type": "string",
    "pattern": "^(isChildOf|isPeerOf|isPartOf|exactMatchOf|precedes|isRelatedTo|replacedBy|exemplar|hasSkillLevel"
    "|isTranslationOf|ext:[A-Za-z0-9._-]+)$",
}


def _record(required: dict[str, Any], optional: dict[str, Any], *, extensions: bool = True) -> dict[str, Any]:
    further = {"extensions": EXTENSIONS} if extensions else {}
    return {
        "type": "object",
        "properties": required | optional | further,
        "required": sorted(required),
        "additionalProperties": False,
    }


def _link(more: dict[str, Any]) -> dict[str, Any]:
    return _record({"title": TEXT, "identifier": UUID, "uri": URI}, more, extensions=False)


def _list(record: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": record}


LINK = _link({})
NODE = _link({"targetType": {"type": "string", "pattern": "^(CASE|ext:[A-Za-z0-9._-]+)$"}})
STAMPED = {"identifier": UUID, "uri": URI, "lastChangeDateTime": TIME}
DOCUMENT = _record(
    STAMPED | {"creator": TEXT, "title": TEXT},
    dict.fromkeys(("frameworkType", "adoptionStatus", "version", "publisher", "description", "notes"), TEXT)
    | {"caseVersion": {"const": "1.1"}, "subject": TEXTS, "language": LANGUAGE, "licenseURI": LINK}
    | {"officialSourceURL": URI, "subjectURI": _list(LINK), "statusStartDate": DATE, "statusEndDate": DATE},
)
ITEM = _record(
    STAMPED | {"fullStatement": TEXT},
    dict.fromkeys(("humanCodingScheme", "abbreviatedStatement", "alternativeLabel", "CFItemType"), TEXT)
    | {"listEnumeration": TEXT, "notes": TEXT, "CFItemTypeURI": LINK, "language": LANGUAGE}
    | {"educationLevel": TEXTS, "conceptKeywords": TEXTS, "subject": TEXTS, "conceptKeywordsURI": LINK}
    | {"subjectURI": _list(LINK), "licenseURI": LINK, "statusStartDate": DATE, "statusEndDate": DATE},
)
EDGE = _record(
    STAMPED | {"associationType": ASSOCIATION, "originNodeURI": NODE, "destinationNodeURI": NODE},
    {"sequenceNumber": {"type": "integer", "minimum": 0}, "CFAssociationGroupingURI": LINK, "notes": TEXT},
)
DEFINITIONS = _record(
    {},
    {
        "CFItemTypes": _list(
            _record(STAMPED | {"title": TEXT, "description": TEXT, "hierarchyCode": CODE}, {"typeCode": TEXT})
        ),
        "CFLicenses": _list(_record(STAMPED | {"title": TEXT, "licenseText": TEXT}, {"description": TEXT})),
        "CFConcepts": _list(
            _record(STAMPED | {"title": TEXT, "hierarchyCode": CODE}, {"keywords": TEXT, "description": TEXT})
        ),
        "CFSubjects": _list(_record(STAMPED | {"title": TEXT, "hierarchyCode": CODE}, {"description": TEXT})),
        "CFAssociationGroupings": _list(_record(STAMPED | {"title": TEXT}, {"description": TEXT})),
    },
)
NUMBER, WHOLE = {"type": "number"}, {"type": "integer"}
CRITERION_LEVEL = _record(
    STAMPED,
    {"description": TEXT, "quality": TEXT, "feedback": TEXT, "score": NUMBER, "position": WHOLE}
    | {"rubricCriterionId": UUID, "extensions": _list(EXTENSIONS)},
    extensions=False,
)
CRITERION = _record(
    STAMPED,
    {"category": TEXT, "description": TEXT, "CFItemURI": LINK, "weight": NUMBER, "position": WHOLE, "rubricId": UUID}
    | {"CFRubricCriterionLevels": _list(CRITERION_LEVEL)},
)
RUBRIC = _record(STAMPED, {"title": TEXT, "description": TEXT, "CFRubricCriteria": _list(CRITERION)})
PACKAGE = _record(
    {"CFDocument": DOCUMENT},
    {"CFItems": _list(ITEM), "CFAssociations": _list(EDGE), "CFDefinitions": DEFINITIONS, "CFRubrics": _list(RUBRIC)},
)


def is_valid(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a part of a package is what one of these records asks for."""
    return next(_validator_of(schema).iter_errors(value), None) is None


def _validator_of(schema: dict[str, Any]) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator, FormatChecker

    return Draft202012Validator(schema, format_checker=FormatChecker(["date"]))


@cache
def _validator() -> "Draft202012Validator":
    return _validator_of(PACKAGE)


def case_errors(package: dict[str, Any]) -> list[str]:
    """Everything in which a package strays from strict CASE 1.1, each with its place; [] = valid.

    Besides the fields: identifiers are unique, and every association starts in the package.
    """
    errors = [f"{error.json_path}: {error.message[:200]}" for error in _validator().iter_errors(package)]
    return errors or _reference_errors(package)


def _reference_errors(package: dict[str, Any]) -> list[str]:
    nodes = [record["identifier"] for record in (package["CFDocument"], *package.get("CFItems", []))]
    edges = package.get("CFAssociations", [])
    every = nodes + [edge["identifier"] for edge in edges]
    doubled = sorted({identifier for identifier in every if every.count(identifier) > 1}) if _has_twice(every) else []
    known = set(nodes)
    lost = [edge["identifier"] for edge in edges if edge["originNodeURI"]["identifier"] not in known]
    return [f"identifier {identifier} stands twice" for identifier in doubled] + [
        f"association {identifier} starts outside the package" for identifier in lost
    ]


def _has_twice(values: list[str]) -> bool:
    return len(set(values)) < len(values)
