"""QTI usage data: item statistics and item parameters of a calibration, in and out.

The official glossary names A-Param, B-Param and C-Param but neither the metric nor an upper asymptote, category
parameters or slopes per category; those carry this program's own glossary. Parameters are kept in the logistic metric:
a file that states a Scaling-D of 1.702 has slopes for P = 1/(1+exp(-1.702 a (theta - b))); they are multiplied by it.
"""

import math
from collections.abc import Iterable, Mapping

import msgspec
from lxml import etree

from itembank.exchange.parameters.columns import DICHOTOMOUS
from itembank.exchange.qti.names import attributes, child, children, name_of, parse, text_of
from itembank.items import Item, ParameterFacts
from itembank.records import Record

NAMESPACE = "http://www.imsglobal.org/xsd/imsqti_usagedata_v2p2"
GLOSSARY = "http://www.imsglobal.org/qti/qtiv3p0/imsqti_usagedatav3p0_itemstatisticsglossary_v1p0"
OWN_GLOSSARY = "urn:assay:item-statistics-glossary:1"
OFFICIAL = {"A-Param": "discrimination", "B-Param": "difficulty", "C-Param": "guessing"}
OWN = {"U-Param": "upper"}
LISTS = {"Threshold": "thresholds", "Step": "steps", "Slope": "slopes", "Intercept": "intercepts"}
UNKNOWN = "unknown population"
PER_SLOPE = ("discrimination", "slopes", "intercepts")


class UsageStatistics(Record, frozen=True, kw_only=True):
    """The numbers one usage data file states of one item: name -> (value, standard error), with population and n."""

    values: dict[str, tuple[float, float | None]] = {}
    model: str = ""
    population: str = ""
    n_responses: int | None = None

    @property
    def lacks_metric(self) -> bool:
        """Whether slopes are stated without the scaling that says what they mean."""
        slopes = any(name in ("A-Param", "Slope-1", "Intercept-1") for name in self.values)
        return slopes and "Scaling-D" not in self.values


def read_usage_data(data: bytes, place: str) -> dict[str, UsageStatistics]:
    """The item statistics of a usage data file by item identifier.

    Raises:
        FileRefused: when it is not well-formed XML.
    """
    root = parse(data, place)
    found: dict[str, UsageStatistics] = {}
    if name_of(root) != "usage_data":
        return found
    for statistic in children(root, "ordinary_statistic"):
        _read_statistic(statistic, found)
    return found


def _read_statistic(statistic: etree._Element, found: dict[str, UsageStatistics]) -> None:
    values = attributes(statistic)
    stated = text_of(child(statistic, "value"))
    for target in children(statistic, "target_object"):
        described = attributes(target)
        if described.get("part_identifier") or not described.get("identifier"):
            continue
        key = described["identifier"]
        found[key] = _with_statistic(found.get(key, UsageStatistics()), values, stated)


def _with_statistic(known: UsageStatistics, values: dict[str, str], stated: str) -> UsageStatistics:
    name = values.get("name", "")
    if name == "Model":
        return msgspec.structs.replace(known, model=stated)
    number = _number(stated)
    if number is None:
        return known
    error = _number(values.get("std_error", ""))
    count = _number(values.get("case_count", ""))
    return msgspec.structs.replace(
        known,
        values={**known.values, name: (number, error)},
        population=known.population or values.get("context", "").removeprefix(UNKNOWN),
        n_responses=known.n_responses if count is None else int(count),
    )


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e12 else None


def parameters_of(statistics: UsageStatistics) -> ParameterFacts | None:
    """The item parameters among the statistics; None when there is no difficulty, step or intercept among them.

    Where no slope is stated it is 1 in the metric of the file, so D in the logistic one.
    """
    scaling = statistics.values.get("Scaling-D", (1.0, None))[0]
    single = {field: statistics.values[name] for name, field in (OFFICIAL | OWN).items() if name in statistics.values}
    lists = {field: _series(statistics, name) for name, field in LISTS.items()}
    if "difficulty" not in single and not any(lists.values()):
        return None
    fields: dict[str, object] = {field: value for field, (value, _) in single.items()}
    fields |= {field: tuple(value for value, _ in series) for field, series in lists.items() if series}
    errors: dict[str, object] = {field: error for field, (_, error) in single.items() if error is not None}
    errors |= {
        f: [e for _, e in s if e is not None] for f, s in lists.items() if s and all(e is not None for _, e in s)
    }
    model = statistics.model or _model(fields)
    if model in DICHOTOMOUS and "discrimination" not in fields:
        fields["discrimination"] = 1.0
        model = "1pl" if model == "rasch" and scaling != 1.0 else model
    facts = {
        "model": model,
        **_rescaled(fields, scaling),
        "standard_error": _rescaled(errors, scaling),
        "population": statistics.population,
        "n_responses": statistics.n_responses,
    }
    return msgspec.convert(facts, ParameterFacts)


def _series(statistics: UsageStatistics, name: str) -> list[tuple[float, float | None]]:
    series: list[tuple[float, float | None]] = []
    while f"{name}-{len(series) + 1}" in statistics.values:
        series.append(statistics.values[f"{name}-{len(series) + 1}"])
    return series


def _rescaled(fields: Mapping[str, object], scaling: float) -> dict[str, object]:
    """Slopes in the logistic metric; difficulties, thresholds and asymptotes do not depend on D."""
    return {name: _times(value, scaling) if name in PER_SLOPE else value for name, value in fields.items()}


def _times(value: object, scaling: float) -> object:
    if isinstance(value, (list, tuple)):
        return [entry * scaling for entry in value]
    return value * scaling if isinstance(value, float) else value


def _model(fields: Mapping[str, object]) -> str:
    if "thresholds" in fields:
        return "grm"
    if "steps" in fields:
        return "gpcm" if "discrimination" in fields else "pcm"
    if "intercepts" in fields or "slopes" in fields:
        return "nrm"
    if "upper" in fields:
        return "4pl"
    if "guessing" in fields:
        return "3pl"
    return "2pl" if "discrimination" in fields else "rasch"


def write_usage_data(items: Iterable[Item]) -> bytes | None:
    """A usage data file with the parameters of all items that have some, in the logistic metric; None when none has."""
    root = etree.Element(f"{{{NAMESPACE}}}usageData", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    for item in items:
        if item.parameters is not None:
            _write_item(root, item.key, item.parameters)
    if len(root) == 0:
        return None
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _write_item(root: etree._Element, key: str, facts: ParameterFacts) -> None:
    for name, field in (OFFICIAL | OWN).items():
        value = getattr(facts, field)
        if value is not None:
            error = facts.standard_error.get(field)
            _write(root, key, facts, name, repr(value), error if isinstance(error, float) else None)
    for name, field in LISTS.items():
        errors = facts.standard_error.get(field)
        for position, value in enumerate(getattr(facts, field)):
            error = errors[position] if isinstance(errors, list) and position < len(errors) else None
            _write(root, key, facts, f"{name}-{position + 1}", repr(value), error)
    _write(root, key, facts, "Scaling-D", "1.0", None)
    _write(root, key, facts, "Model", facts.model, None)


def _write(root: etree._Element, key: str, facts: ParameterFacts, name: str, value: str, error: float | None) -> None:
    statistic = etree.SubElement(root, f"{{{NAMESPACE}}}ordinaryStatistic", name=name)
    statistic.set("glossary", GLOSSARY if name in OFFICIAL else OWN_GLOSSARY)
    statistic.set("context", facts.population or UNKNOWN)
    if facts.n_responses is not None:
        statistic.set("caseCount", str(facts.n_responses))
    if error is not None:
        statistic.set("stdError", repr(error))
    etree.SubElement(statistic, f"{{{NAMESPACE}}}targetObject", identifier=key)
    stated = etree.SubElement(statistic, f"{{{NAMESPACE}}}value", baseType="string" if name == "Model" else "float")
    stated.text = value
