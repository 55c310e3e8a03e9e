"""Fixed forms and multistage tests: items in a stated order, and routes between modules by ability.

A route is taken on the theta of the moment the module ends. Which form or module a sitting is in is read from the items
it was given, so nothing but the answers needs storing. Of parallel forms a sitting is given one of those that hold
nothing the learner met before, drawn by the sitting's key.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.designs import Design, DesignError, ModuleDesign
from engine.selection.sitting import Standing
from engine.selection.tables import Pool
from engine.selection.ties import hashes

Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

FORM = -4


def next_of_form(design: Design, pool: Pool, standing: Standing) -> Indices:
    """The next item of linear or multistage sittings: (n_persons,).

    −1 where the form is complete, or where the learner has met something of every form before it began.
    """
    items = standing.items
    if design.form == "linear":
        forms = np.stack([pool.positions(form) for form in design.linear_forms])
        place = items.shape[1]
        if place == forms.shape[1]:
            return np.full(len(items), -1, dtype=np.intp)
        chosen = _form_of(forms, items[:, 0]) if place else _draw_form(forms, standing)
        return np.where(chosen >= 0, forms[chosen, place], -1)
    walk = _Walk(design, pool)
    found = [walk.next_item(row.tolist(), float(at)) for row, at in zip(items, standing.theta[:, 0], strict=True)]
    if not items.shape[1]:
        barred = (~standing.eligible[:, _of_modules(design, pool)]).sum(axis=1)
        return np.where(barred == 0, found, -1)
    return np.array(found)


def _form_of(forms: Indices, first: Indices) -> Indices:
    """Which form each sitting is in, by its first item: parallel forms share none."""
    return np.asarray((forms[:, 0] == first[:, None]).argmax(axis=1))


def _draw_form(forms: Indices, standing: Standing) -> Indices:
    """A form of which each learner has met nothing, −1 where there is none: (n_persons,)."""
    whole = (~standing.eligible[:, forms]).sum(axis=2) == 0
    if len(forms) == 1:
        return np.where(whole[:, 0], 0, -1)
    lots = hashes(standing.keys[:, None], FORM, np.arange(len(forms), dtype=np.uint64))
    lots = np.where(whole, lots, np.iinfo(np.uint64).max)
    return np.where(whole.sum(axis=1) > 0, lots.argmin(axis=1), -1)


def _of_modules(design: Design, pool: Pool) -> Indices:
    return np.unique(np.concatenate([pool.positions(module.items) for module in design.modules]))


def items_in_the_way(design: Design, pool: Pool, eligible: Mask) -> dict[str, float]:
    """How many items a learner's next form lacks, when every form holds something that is not eligible; else empty.

    eligible: (n_items,). Of a multistage test all modules must be fresh, for nobody knows yet where its routes lead.
    """
    if design.form == "multistage":
        barred = {"the modules": float((~eligible[_of_modules(design, pool)]).sum())}
    else:
        barred = {
            f"form {number}": float((~eligible[pool.positions(form)]).sum())
            for number, form in enumerate(design.linear_forms, 1)
        }
    least = min(barred, key=lambda name: (barred[name], name))
    return {least: barred[least]} if barred[least] else {}


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
