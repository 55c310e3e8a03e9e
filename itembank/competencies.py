"""What can be known and shown: competencies in a framework, what comes before what, and where to learn it."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from itembank.errors import BankError
from itembank.records import Record


class FrameworkInvalid(BankError):
    """A framework contradicts itself; the message names the competency."""


class Resource(Record, frozen=True, kw_only=True):
    """Where a competency can be learnt. `minutes` is the usual time it takes."""

    title: str
    url: str = ""
    minutes: int | None = None


class Competency(Record, frozen=True, kw_only=True):
    """A statement of what somebody can do. `parent` and `prerequisites` are keys of the same framework."""

    key: str
    statement: str
    parent: str = ""
    title: str = ""
    code: str = ""
    level: str = ""
    uri: str = ""
    kind: str = ""
    prerequisites: tuple[str, ...] = ()
    resources: tuple[Resource, ...] = ()
    can_do: tuple[str, ...] = ()


class Crosswalk(Record, frozen=True, kw_only=True):
    """One competency of this framework counts for one of another (or the like), by their URIs or keys."""

    origin: str
    destination: str
    kind: Literal["exact", "broader", "narrower", "related", "replaced_by", "part_of", "peer"] = "exact"


class Framework(Record, frozen=True, kw_only=True):
    """Competencies with one root or several, in the author's order. `levels` runs from the lowest to the highest."""

    key: str
    title: str
    competencies: tuple[Competency, ...]
    uri: str = ""
    creator: str = ""
    description: str = ""
    language: str = "en"
    licence: str = ""
    version: str = ""
    levels: tuple[str, ...] = ()
    crosswalks: tuple[Crosswalk, ...] = ()
    carried: dict[str, Any] = {}
    """What a CASE package said beside (definitions, rubrics, further fields), to be given back with it."""


def check_framework(framework: Framework) -> None:
    """Raise FrameworkInvalid for a doubled key, an unknown parent or prerequisite, or a circle.

    Raises:
        FrameworkInvalid: naming the competency and what to change.
    """
    by_key: dict[str, Competency] = {}
    for competency in framework.competencies:
        if competency.key in by_key:
            raise FrameworkInvalid(
                f"Competency '{competency.key}' stands twice in framework '{framework.key}'; keep one."
            )
        by_key[competency.key] = competency
    for competency in framework.competencies:
        for other in (competency.parent, *competency.prerequisites):
            if other and other not in by_key:
                raise FrameworkInvalid(
                    f"Competency '{competency.key}' refers to '{other}', which the framework does not hold; "
                    "add it or correct the key."
                )
    _refuse_circle({c.key: (c.parent,) if c.parent else () for c in framework.competencies}, "parents")
    _refuse_circle({c.key: c.prerequisites for c in framework.competencies}, "prerequisites")


def _refuse_circle(following: dict[str, tuple[str, ...]], what: str) -> None:
    try:
        TopologicalSorter(following).prepare()
    except CycleError as circle:
        path = " → ".join(circle.args[1])
        raise FrameworkInvalid(f"The {what} of competencies run in a circle ({path}); break it at one place.") from None


def children(framework: Framework, key: str = "") -> Iterator[Competency]:
    """The competencies right below `key` ("" = the roots), in the author's order."""
    return (competency for competency in framework.competencies if competency.parent == key)


def leaves(framework: Framework) -> tuple[Competency, ...]:
    """The competencies that items can carry: those without children."""
    parents = {competency.parent for competency in framework.competencies}
    return tuple(competency for competency in framework.competencies if competency.key not in parents)
