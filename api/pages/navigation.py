"""Where each role may go, in the order of the menu."""

from collections.abc import Sequence
from typing import NamedTuple

from itembank.storage.accounts import Caller

STAFF = frozenset({"author", "psychometrician", "registrar", "institution_admin"})


class Place(NamedTuple):
    """A line of the menu: its address, the key of its words, who sees it (empty: everybody)."""

    address: str
    words: str
    roles: frozenset[str] = frozenset()


PLACES = (
    Place("/catalogue", "menu.catalogue"),
    Place("/my", "menu.my", frozenset({"learner"})),
    Place("/institution", "menu.institution", STAFF),
    Place("/advisor", "menu.advisor", frozenset({"advisor", "institution_admin"})),
    Place("/verify", "menu.verify"),
)


REGISTRY = frozenset({"registrar", "institution_admin"})
TABS = {
    "institution": (
        Place("/institution", "institution.tab.overview"),
        Place("/institution/import", "institution.tab.import", frozenset({"author", "institution_admin"})),
        Place("/institution/compose", "institution.tab.compose"),
        Place("/institution/courses", "institution.tab.courses"),
        Place("/institution/flags", "flags.title", REGISTRY | {"psychometrician"}),
        Place("/institution/rescorings", "institution.tab.rescorings", REGISTRY | {"psychometrician"}),
        Place("/institution/erasures", "institution.tab.erasures", REGISTRY),
        Place("/advisor/role", "advisor.tab.role", REGISTRY),
        Place("/papers", "paper.tab", REGISTRY),
    ),
    "advisor": (
        Place("/advisor", "advisor.tab.queue", frozenset({"advisor", "institution_admin"})),
        Place("/advisor/learners", "advisor.tab.learners", frozenset({"advisor", "institution_admin"})),
        Place("/advisor/cohort", "advisor.tab.cohort", frozenset({"advisor", "institution_admin"})),
        Place("/advisor/role", "advisor.tab.role"),
        Place("/papers", "paper.tab", frozenset({"advisor", "institution_admin"})),
    ),
}  # fmt: skip


def places_for(caller: Caller | None) -> list[Place]:
    """The menu of somebody."""
    return open_to(caller, PLACES)


def tabs_for(caller: Caller | None, walk: str) -> list[Place]:
    """The tabs of somebody on the pages of a walk."""
    return open_to(caller, TABS[walk])


def open_to(caller: Caller | None, places: Sequence[Place]) -> list[Place]:
    """Those places that somebody may go to."""
    held = frozenset() if caller is None else caller.roles
    return [place for place in places if not place.roles or place.roles & held]


def front_page(roles: frozenset[str]) -> str:
    """Where somebody of these roles begins after signing in."""
    return next((place.address for place in PLACES if place.roles & roles), "/catalogue")
