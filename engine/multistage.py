"""Fixed forms and multistage tests: items in a stated order, and routes between modules by ability.

A route is taken on the theta of the moment the module ends. Which module a sitting is in is read from the items it was
given, so nothing but the answers needs storing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.designs import Design, DesignError, ModuleDesign
from engine.selection.tables import Pool

Indices = NDArray[np.intp]
Floats = NDArray[np.float64]


def next_of_form(design: Design, pool: Pool, items: Indices, theta: Floats) -> Indices:
    """The next item of linear or multistage sittings, −1 where the form is complete: (n_persons,).

    items: (n_persons, n_given); theta: (n_persons,) on which a module that has just ended routes.
    """
    if design.form == "linear":
        place = items.shape[1]
        item = pool.index[design.items[place]] if place < len(design.items) else -1
        return np.full(len(items), item, dtype=np.intp)
    walk = _Walk(design, pool)
    return np.array([walk.next_item(row.tolist(), float(at)) for row, at in zip(items, theta, strict=True)])


def check_modules(design: Design, pool: Pool) -> None:
    """Raises DesignError when modules name absent items, routes lead nowhere or backwards, or the start is unclear."""
    modules = {module.key: module for module in design.modules}
    if len(modules) != len(design.modules):
        raise DesignError("modules: two modules have the same key; rename one.")
    if design.modules and sum(module.stage == 1 for module in design.modules) != 1:
        raise DesignError("modules: exactly one module must have stage = 1, where everybody starts.")
    for module in design.modules:
        pool.positions(module.items)
        if not module.items:
            raise DesignError(f"modules: '{module.key}' has no items.")
        _check_routes(module, modules)


def _check_routes(module: ModuleDesign, modules: dict[str, ModuleDesign]) -> None:
    bounds = [route.below for route in module.routes]
    if module.routes and (bounds[-1] is not None or None in bounds[:-1]):
        raise DesignError(f"modules: all routes of '{module.key}' but the last need `below`, and the last has none.")
    if sorted(set(bounds[:-1]), key=float) != bounds[:-1]:  # type: ignore[arg-type]
        raise DesignError(f"modules: the bounds of the routes of '{module.key}' must increase.")
    for route in module.routes:
        target = modules.get(route.to)
        if target is None:
            raise DesignError(f"modules: '{module.key}' routes to '{route.to}', which does not exist.")
        if target.stage != module.stage + 1 or set(target.items) & set(module.items):
            raise DesignError(f"modules: '{module.key}' must route to the next stage, and share no item with it.")


class _Walk:
    """Follows a sitting through the modules."""

    def __init__(self, design: Design, pool: Pool) -> None:
        self.modules = {module.key: module for module in design.modules}
        self.places = {key: [pool.index[item] for item in module.items] for key, module in self.modules.items()}
        self.first = next(module.key for module in design.modules if module.stage == 1)

    def next_item(self, given: list[int], theta: float) -> int:
        key, done = self.first, 0
        while len(given) - done >= len(self.places[key]):
            done += len(self.places[key])
            following = self._following(key, given[done:], theta)
            if following is None:
                return -1
            key = following
        return self.places[key][len(given) - done]

    def _following(self, key: str, rest: list[int], theta: float) -> str | None:
        """The module after `key`: the one whose items came next, or the one theta leads to."""
        for route in self.modules[key].routes:
            taken = rest[: len(self.places[route.to])] == self.places[route.to][: len(rest)]
            if (rest and taken) or (not rest and (route.below is None or theta < route.below)):
                return route.to
        return None
