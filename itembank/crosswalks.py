"""Crosswalks between frameworks: what is shown for one role counts for another.

`exact` counts both ways. What is broader counts for what is narrower, and the whole for its parts: whoever has shown
the larger one has shown the smaller one, never the other way round. A competency that was replaced counts for the one
that took its place. `related` and `peer` say nothing about what anybody can do.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

from itembank.competencies import Crosswalk, Framework
from itembank.records import Record


class Counted(Record, frozen=True, kw_only=True):
    """A competency of the wanted framework that counts as shown: by which one, over which steps (ends included)."""

    competency: str
    by: str
    path: tuple[str, ...]


def counts_for(
    held: Iterable[str], origin: Framework, wanted: Framework, others: Sequence[Framework] = ()
) -> dict[str, Counted]:
    """Which competencies of the wanted framework count because of those held in the origin framework.

    The shortest way counts; among equally short ones the first in the order of `held`. Crosswalks of all frameworks
    given are followed, so a third framework may stand between the two.

    Args:
        held: keys of the origin framework.
        origin: where they were shown.
        wanted: where they shall count.
        others: frameworks that may lead from one to the other.

    Returns:
        By key of the wanted framework.
    """
    frameworks = {framework.key: framework for framework in (origin, wanted, *others)}
    names = _names(frameworks.values())
    ways = _ways(frameworks.values(), names)
    starts = [_node(origin.key, key) for key in held if _node(origin.key, key) in names.values()]
    came_from: dict[str, str | None] = dict.fromkeys(starts)
    waiting = deque(came_from)
    while waiting:
        here = waiting.popleft()
        for there in ways.get(here, ()):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    found = {}
    for competency in wanted.competencies:
        node = _node(wanted.key, competency.key)
        if node in came_from and wanted.key != origin.key:
            path = _path(node, came_from)
            found[competency.key] = Counted(competency=competency.key, by=path[0], path=path)
    return found


def _node(framework: str, key: str) -> str:
    return f"{framework}\x1f{key}"


def _names(frameworks: Iterable[Framework]) -> dict[tuple[str, str], str]:
    """Every name of a competency (key within its framework, URI anywhere) -> its node."""
    names: dict[tuple[str, str], str] = {}
    for framework in frameworks:
        for competency in framework.competencies:
            node = _node(framework.key, competency.key)
            names[framework.key, competency.key] = node
            if competency.uri:
                names.setdefault(("", competency.uri), node)
    return names


def _ways(frameworks: Iterable[Framework], names: Mapping[tuple[str, str], str]) -> dict[str, list[str]]:
    ways: defaultdict[str, list[str]] = defaultdict(list)
    for framework in frameworks:
        for crosswalk in framework.crosswalks:
            origin, destination = (_end(end, framework.key, names) for end in (crosswalk.origin, crosswalk.destination))
            if origin is not None and destination is not None:
                for start, end in _directions(crosswalk, origin, destination):
                    ways[start].append(end)
    return ways


def _directions(crosswalk: Crosswalk, origin: str, destination: str) -> tuple[tuple[str, str], ...]:
    if crosswalk.kind == "exact":
        return (origin, destination), (destination, origin)
    if crosswalk.kind in ("broader", "replaced_by"):
        return ((origin, destination),)
    return ((destination, origin),) if crosswalk.kind in ("narrower", "part_of") else ()


def _end(name: str, framework: str, names: Mapping[tuple[str, str], str]) -> str | None:
    """The node of a name: a key of the framework itself, a URI, or a key that one other framework alone has."""
    for known in ((framework, name), ("", name)):
        if known in names:
            return names[known]
    elsewhere = {node for (owner, key), node in names.items() if owner and key == name}
    return elsewhere.pop() if len(elsewhere) == 1 else None


def _path(node: str, came_from: Mapping[str, str | None]) -> tuple[str, ...]:
    steps = [node]
    while (before := came_from[steps[-1]]) is not None:
        steps.append(before)
    return tuple(step.split("\x1f", 1)[1] for step in reversed(steps))
