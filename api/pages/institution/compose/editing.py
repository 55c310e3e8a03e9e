"""What was typed into the form, carried into the policy: what differs from what the form showed, and nothing else."""

from collections.abc import Mapping
from typing import Any

import msgspec

from api.pages.institution.compose.entry import Entry, Fault, Plain
from api.pages.institution.compose.occasion_entries import RANGES
from api.pages.institution.compose.policy_entries import PolicyForm
from engine.policies.records import Policy
from engine.refusals import PolicyInvalid


def carry_over(form: PolicyForm, typed: Mapping[str, str], policy: Policy) -> Policy | None:
    """The policy with every changed entry at its place; the policy itself where nothing was changed.

    `form`: what was shown. Entries keep what was typed; those that cannot be used say why, and then there is no policy.

    Raises:
        PolicyInvalid: when every entry can be used but not all of them together.
    """
    plain: Plain = msgspec.json.decode(msgspec.json.encode(policy))
    changed = [entry for entry in form.entries() if entry.name in typed and entry.is_changed_by(typed[entry.name])]
    for entry in changed:
        entry.typed = typed[entry.name].strip()
        try:
            entry.put(plain, entry.read(entry.typed))
        except Fault as fault:
            entry.fault = fault
    by_name = {entry.name: entry for entry in form.entries()}
    for occasion in plain["occasions"]:
        _compare(occasion, by_name)
    if any(entry.fault for entry in form.entries()):
        return None
    if not changed:
        return policy
    _drop_empty_waits(plain)
    try:
        return msgspec.json.decode(msgspec.json.encode(plain), type=Policy)
    except msgspec.DecodeError as error:
        raise PolicyInvalid(f"The policy cannot be used: {error}") from None


def _compare(occasion: Plain, by_name: Mapping[str, Entry]) -> None:
    """Faults of entries that do not go together."""
    own = f"occasion:{occasion['key']}:"
    _check_cut(occasion["cut"], by_name.get(own + "cut_scale"), by_name.get(own + "cut_value"))
    _check_order(by_name.get(own + "min_items"), by_name.get(own + "max_items"), occasion)
    for name, low in by_name.items():
        if name.startswith(own + "min:"):
            _check_bounds(low, by_name.get(f"{own}max:{name.removeprefix(own + 'min:')}"))


def _check_cut(cut: Plain, scale: Entry | None, value: Entry | None) -> None:
    if scale is None or value is None or scale.fault or value.fault:
        return
    if scale.is_changed_by(scale.typed) and not value.is_changed_by(value.typed):
        value.fault = Fault("unit")
    elif cut["scale"] in RANGES:
        low, high = RANGES[cut["scale"]]
        if not low <= cut["value"] <= high:
            value.fault = Fault("cut")


def _check_order(low: Entry | None, high: Entry | None, occasion: Plain) -> None:
    if low is None or high is None or low.fault or high.fault:
        return
    stopping: Plain = occasion.get("design", {}).get("stopping", {})
    fewest, most = stopping.get("min_items", 1), stopping.get("max_items", 40)
    if fewest > most:
        high.fault = Fault("order", low=fewest)


def _check_bounds(low: Entry, high: Entry | None) -> None:
    if high is None or low.fault or high.fault or not (low.typed and high.typed):
        return
    if int(low.typed) > int(high.typed):
        high.fault = Fault("order", low=int(low.typed))


def _drop_empty_waits(plain: Plain) -> None:
    for occasion in plain["occasions"]:
        occasion["gates"] = [gate for gate in occasion.get("gates", []) if not _is_empty(gate)]


def _is_empty(gate: dict[str, Any]) -> bool:
    return gate["kind"] == "wait" and not any(gate["period"].values())
