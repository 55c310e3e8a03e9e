"""The entries of one occasion: cut, time, lengths, rule to stop, exposure, blueprint, attempts and waits."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from api.pages.institution.compose.bank_facts import BankFacts
from api.pages.institution.compose.content_table import Bound, put_bound, table_of
from api.pages.institution.compose.entry import Entry, Fault, Plain, line, number, one_of, shown, store, whole
from engine.decisions import DomainCurve, resolve_cut
from engine.designs import ConfidenceRule, Design, LossRule, SemRule, StopRule
from engine.occasion_design import decides_credit, design_for
from engine.policies.records import Cut, Occasion, PercentCut, Policy, StandardSettingCut, ThetaCut

RULES: dict[str, StopRule | None] = {
    "certain": LossRule(at_most=0.005),
    "band_95": ConfidenceRule(alpha=0.05),
    "band_90": ConfidenceRule(alpha=0.1),
    "precise": SemRule(at_most=0.3),
    "all": None,
}
"""Rules to stop that have a name in plain words."""

RANGES = {"theta": (-6.0, 6.0), "percent": (0.0, 100.0)}
SHARES = (0.1, 100.0)
DAYS = ("days", "hours", "months")
MOST_ITEMS, MOST_MINUTES, MOST_ATTEMPTS = 500, 10_000, 1000


class OccasionEntries:
    """Makes the entries of an occasion; `facts` is None where the bank cannot be read."""

    def __init__(self, policy: Policy, occasion: Occasion, facts: BankFacts | None) -> None:
        self.policy, self.occasion, self.facts = policy, occasion, facts
        self.plain: Plain = msgspec.json.decode(msgspec.json.encode(occasion))
        self.design: Plain = self.plain.get("design", {})

    @property
    def is_adaptive(self) -> bool:
        """Whether lengths, rule and exposure mean anything here."""
        return self.occasion.design is None or self.occasion.design.form == "adaptive"

    @property
    def competencies(self) -> tuple[str, ...]:
        return () if self.facts is None else self.facts.competencies

    @property
    def standard(self) -> Design | None:
        """What runs where the document says nothing of a design."""
        if self.facts is None or self.occasion.design is not None:
            return None
        decides = decides_credit(self.policy, self.occasion)
        return design_for(self.occasion, self.facts.frozen.n_operational, decides=decides)

    def entry(self, field: str, value: Any, read: Callable[[str], Any], put: Any, **more: Any) -> Entry:
        """An entry of this occasion; `put(occasion, value)` is given the plain occasion."""
        name, own = f"occasion:{self.occasion.key}:{field}", self.occasion.key
        label = more.pop("label", field)
        return Entry(
            name=name, label=label, value=shown(value), read=read,
            put=lambda plain, typed: put(_occasion(plain, own), typed), **more,
        )  # fmt: skip

    def simple(self) -> Iterator[Entry]:
        """Title, time, attempts and which of them counts."""
        yield self.entry("title", self.occasion.title, line(200), lambda one, typed: store(one, "title", typed))
        yield self.entry(
            "time_limit_minutes", self.occasion.time_limit_minutes, whole(1, MOST_MINUTES),
            lambda one, typed: store(one, "time_limit_minutes", typed), kind="whole",
        )  # fmt: skip
        yield self.entry(
            "maximum", self.occasion.maximum, self._attempts, lambda one, typed: store(one, "maximum", typed),
            kind="whole",
        )  # fmt: skip
        counts = ("highest", "last", "first")
        yield self.entry(
            "counts", self.occasion.counts, one_of(*counts), lambda one, typed: store(one, "counts", typed),
            kind="choice", choices=counts,
        )  # fmt: skip

    def _attempts(self, text: str) -> int | None:
        given = whole(1, MOST_ATTEMPTS)(text)
        if given is None and self.occasion.per is not None:
            raise Fault("needed")
        return given

    def cut(self) -> Iterator[Entry]:
        """Scale and value of the cut."""
        cut = self.occasion.cut
        scales = ("percent", "theta", *(("standard_setting",) if isinstance(cut, StandardSettingCut) else ()))
        yield self.entry("cut_scale", _scale(cut), one_of(*scales), _put_scale, kind="choice", choices=scales)
        yield self.entry(
            "cut_value", cut.value, _read_cut, _put_cut, kind="number",
            beside=_elsewhere(cut, None if self.facts is None else self.facts.frozen.curve),
        )  # fmt: skip

    def lengths(self) -> Iterator[Entry]:
        """Fewest and most questions, the rule in between, and how often a question may be shown."""
        own, standard = self.design, self.standard
        if not self.is_adaptive or (not own and standard is None):
            return
        stopping = None if self.occasion.design is None else self.occasion.design.stopping
        for field in ("min_items", "max_items"):
            yield self.entry(
                field, None if stopping is None else getattr(stopping, field),
                whole(1, MOST_ITEMS, needed=bool(own)), self._in_design("stopping", field), kind="whole",
                standard="" if standard is None else str(getattr(standard.stopping, field)),
            )  # fmt: skip
        name = "standard" if stopping is None else rule_name(stopping.rule)
        choices = tuple(dict.fromkeys((*(("standard",) if stopping is None else ()), name, *RULES)))
        yield self.entry("rule", name, one_of(*choices), self._put_rule, kind="choice", choices=choices)
        exposure = None if self.occasion.design is None else self.occasion.design.exposure
        rate = None if exposure is None or exposure.method == "none" else percent_of(exposure.maximum_rate)
        yield self.entry("exposure", rate, number(*SHARES), self._put_exposure, kind="number")

    def _in_design(self, part: str, field: str) -> Callable[[Plain, Any], None]:
        return lambda one, typed: store(self._design(one).setdefault(part, {}), field, typed)

    def _design(self, one: Plain) -> Plain:
        """The occasion's design in the document; the standard one is written out where there is none."""
        if "design" not in one and self.standard is not None:
            one["design"] = msgspec.json.decode(msgspec.json.encode(self.standard))
        design: Plain = one.setdefault("design", {"name": one["key"]})
        return design

    def _put_rule(self, one: Plain, name: str) -> None:
        if name in RULES:
            rule = RULES[name]
            plain = None if rule is None else msgspec.json.decode(msgspec.json.encode(rule))
            store(self._design(one).setdefault("stopping", {}), "rule", plain)

    def _put_exposure(self, one: Plain, percent: float | None) -> None:
        exposure = self._design(one).setdefault("exposure", {})
        if percent is None:
            exposure.pop("method", None)
            exposure.pop("maximum_rate", None)
            return
        if exposure.get("method", "none") == "none":
            exposure["method"] = "eligibility"
        exposure["maximum_rate"] = percent / 100

    def rows(self) -> Iterator[tuple[str, list[Entry]]]:
        """Of every competency: the least and the largest number of items, and a cut of its own."""
        table = table_of(self.design.get("content", {}).get("constraints", []), self.competencies)
        for name in self.competencies:
            bounds = (
                [self._bound(name, bound, table[name][bound]) for bound in ("min", "max")] if self.is_adaptive else []
            )
            yield name, [*bounds, self._own_cut(name)]

    def _bound(self, name: str, bound: Bound, value: int | None) -> Entry:
        def put(one: Plain, typed: int | None) -> None:
            content = self._design(one).setdefault("content", {})
            put_bound(content.setdefault("constraints", []), self.competencies, name, bound, typed)

        return self.entry(
            f"{bound}:{name}", value, whole(0, MOST_ITEMS), put, label=f"blueprint_{bound}", kind="whole",
            words={"name": self.title(name)},
        )  # fmt: skip

    def _own_cut(self, name: str) -> Entry:
        cut = self.occasion.competency_cuts.get(name)
        scale = unit_of(cut or self.occasion.cut)

        def put(one: Plain, typed: float | None) -> None:
            cuts = one.setdefault("competency_cuts", {})
            store(cuts, name, None if typed is None else {**cuts.get(name, {"scale": scale}), "value": typed})
            one.get("design", {}).get("decision", {}).get("competency_cut_theta", {}).pop(name, None)

        curve = None if self.facts is None else self.facts.frozen.competency_curves.get(name)
        return self.entry(
            f"cut:{name}", None if cut is None else cut.value, number(*RANGES[scale]), put,
            label=f"own_cut_{scale}", kind="number", words={"name": self.title(name)},
            beside="" if cut is None else _elsewhere(cut, curve),
        )  # fmt: skip

    def title(self, name: str) -> str:
        """What a competency is called."""
        return name if self.facts is None else self.facts.titles.get(name, name)

    def waits(self) -> Iterator[Entry]:
        """The waits that stand among the gates, or an empty one to be filled in."""
        waits = [gate for gate in self.plain.get("gates", []) if gate["kind"] == "wait"]
        for place, gate in enumerate(waits or [{"period": {"days": None}, "from_attempt": 2}]):
            if len(gate["period"]) == 1:
                yield from self._wait(place, gate)

    def _wait(self, place: int, gate: Plain) -> Iterator[Entry]:
        (unit, amount), since = next(iter(gate["period"].items())), gate.get("since", "last")
        first, last = gate.get("from_attempt", 1), gate.get("to_attempt")
        words = {"n": first, "words": f"{since}_{'one' if last == first else 'on'}"}
        yield self.entry(
            f"wait:{place}", amount, whole(1, MOST_MINUTES), lambda one, typed: _put_wait(one, place, typed),
            label=f"wait_{words['words']}", kind="whole", words=words,
        )  # fmt: skip
        yield self.entry(
            f"wait_unit:{place}", unit, one_of(*DAYS), lambda one, typed: _put_unit(one, place, typed),
            label="wait_unit", kind="choice", choices=DAYS, words=words,
        )  # fmt: skip


def _read_cut(text: str) -> float:
    """A number in either unit; which one it is, `editing` knows once the scale has been read too."""
    try:
        return float(number(-100.0, 100.0, needed=True)(text) or 0.0)
    except Fault:
        raise Fault("cut") from None


def percent_of(rate: float) -> float:
    """A rate in percent, without the dust of the product."""
    return round(rate * 100, 10)


def rule_name(rule: StopRule | None) -> str:
    """The name of a rule to stop; `other` where it has none."""
    return next((name for name, one in RULES.items() if one == rule), "other")


def unit_of(cut: Cut) -> str:
    """The unit of a cut's value."""
    return cut.unit if isinstance(cut, StandardSettingCut) else _scale(cut)


def _scale(cut: Cut) -> str:
    return {ThetaCut: "theta", PercentCut: "percent", StandardSettingCut: "standard_setting"}[type(cut)]


def _elsewhere(cut: Cut, curve: DomainCurve | None) -> str:
    """The cut in the other unit, as `unit value`; nothing where the items cannot show it."""
    if curve is None:
        return ""
    try:
        found = resolve_cut(cut, curve)
    except ValueError:
        return ""
    return f"percent {found.percent:.1f}" if unit_of(cut) == "theta" else f"theta {found.theta:.2f}"


def _occasion(plain: Plain, key: str) -> Plain:
    for one in plain["occasions"]:
        if one["key"] == key:
            found: Plain = one
            return found
    raise Fault("gone")


def _put_scale(one: Plain, scale: str) -> None:
    one["cut"] = {"scale": scale, "value": one["cut"]["value"]}
    _spare_copy(one)


def _put_cut(one: Plain, value: float) -> None:
    one["cut"]["value"] = value
    _spare_copy(one)


def _spare_copy(one: Plain) -> None:
    """A design that repeats the occasion's cut no longer does: left out, it decides where the occasion decides."""
    decision = one.get("design", {}).get("decision", {})
    if len(decision.get("cut_theta", [])) == 1:
        del decision["cut_theta"]


def _put_wait(one: Plain, place: int, amount: int | None) -> None:
    gate = _gate(one, place)
    gate["period"] = {next(iter(gate["period"])): amount}


def _put_unit(one: Plain, place: int, unit: str) -> None:
    if any(gate["kind"] == "wait" for gate in one.get("gates", [])):
        gate = _gate(one, place)
        gate["period"] = {unit: next(iter(gate["period"].values()))}


def _gate(one: Plain, place: int) -> Plain:
    gates = one.setdefault("gates", [])
    waits: list[Plain] = [gate for gate in gates if gate["kind"] == "wait"]
    if not waits and place == 0:
        gates.append({"kind": "wait", "period": {"days": 0}, "from_attempt": 2})
        waits = gates[-1:]
    if place >= len(waits):
        raise Fault("gone")
    return waits[place]
