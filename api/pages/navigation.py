"""Where each role may go, in the order of the menu."""

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


def places_for(caller: Caller | None) -> list[Place]:
    """The menu of somebody."""
    held = frozenset() if caller is None else caller.roles
    return [place for place in PLACES if not place.roles or place.roles & held]


def front_page(roles: frozenset[str]) -> str:
    """Where somebody of these roles begins after signing in."""
    return next((place.address for place in PLACES if place.roles & roles), "/catalogue")
