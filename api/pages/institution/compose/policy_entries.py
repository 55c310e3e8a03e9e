"""The whole form of a policy: entries of the module, of what learners are told, and of every occasion."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from api.pages.institution.compose.bank_facts import BankFacts
from api.pages.institution.compose.entry import Entry, Plain, hours, key, line, shown, store, whole
from api.pages.institution.compose.occasion_entries import MOST_MINUTES, OccasionEntries
from engine.policies.records import Occasion, Policy


class Row(msgspec.Struct, kw_only=True):
    """A competency in the table of an occasion."""

    title: str
    n_items: int
    entries: list[Entry]


class OccasionForm(msgspec.Struct, kw_only=True):
    """The entries of an occasion by where they stand on the page."""

    occasion: Occasion
    simple: list[Entry]
    cut: list[Entry]
    lengths: list[Entry]
    waits: list[Entry]
    rows: list[Row]

    def entries(self) -> Iterator[Entry]:
        """In the order of the page."""
        yield from (*self.simple, *self.cut, *self.lengths, *self.waits)
        for row in self.rows:
            yield from row.entries


class PolicyForm(msgspec.Struct, kw_only=True):
    """Everything that the form knows of a policy; whatever else the policy says, the form leaves alone."""

    module: list[Entry]
    disclosure: list[Entry]
    occasions: list[OccasionForm]

    def entries(self) -> Iterator[Entry]:
        """In the order of the page."""
        yield from (*self.module, *self.disclosure)
        for one in self.occasions:
            yield from one.entries()


def form_of(policy: Policy, facts: BankFacts | None) -> PolicyForm:
    """The form of a policy on a bank; without the bank there are no rows of competencies."""
    return PolicyForm(
        module=list(_module(policy)),
        disclosure=list(_disclosure(policy)),
        occasions=[_occasion(policy, one, facts) for one in policy.occasions],
    )


def _module(policy: Policy) -> Iterator[Entry]:
    yield _entry("title", policy.title, line(200, needed=True), (), "title")
    yield _entry("key", policy.key, key, (), "key")
    yield _entry("hours", policy.credit.hours, hours, ("credit",), "hours", kind="number")


def _disclosure(policy: Policy) -> Iterator[Entry]:
    told, within = policy.disclosure, ("disclosure",)
    yield _entry("delivery_mode", told.delivery_mode, line(500), within, "delivery_mode")
    yield _entry("usual_minutes", told.usual_minutes, whole(1, MOST_MINUTES), within, "usual_minutes", kind="whole")
    yield _entry("cost", told.cost, line(200), within, "cost")


def _entry(
    name: str, value: Any, read: Callable[[str], Any], within: tuple[str, ...], field: str, **more: Any
) -> Entry:
    def put(plain: Plain, typed: Any) -> None:
        for part in within:
            plain = plain.setdefault(part, {})
        store(plain, field, typed)

    return Entry(name=name, label=name, value=shown(value), read=read, put=put, **more)


def _occasion(policy: Policy, occasion: Occasion, facts: BankFacts | None) -> OccasionForm:
    make = OccasionEntries(policy, occasion, facts)
    n_items = {} if facts is None else facts.n_items
    rows = [Row(title=make.title(name), n_items=n_items.get(name, 0), entries=own) for name, own in make.rows()]
    return OccasionForm(
        occasion=occasion, simple=list(make.simple()), cut=list(make.cut()), lengths=list(make.lengths()),
        waits=list(make.waits()), rows=rows,
    )  # fmt: skip
