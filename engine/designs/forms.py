"""Forms that are fixed beforehand, whole or in modules, and items tried out among the others."""

from __future__ import annotations

from engine.designs.parts import Part, require


class PretestDesign(Part, frozen=True, kw_only=True):
    """How many uncalibrated items each sitting shows among the others, and between which questions (1 = the first).

    Without `last_position` they stand where even the shortest test still goes on, so that all of them are shown.
    """

    items: int = 0
    first_position: int = 3
    last_position: int | None = None

    def __post_init__(self) -> None:
        require(0 <= self.items <= 100, "pretest.items must be 0 to 100.")
        require(self.first_position >= 1, "pretest.first_position must be at least 1, the first question.")
        if self.last_position is not None:
            require(
                self.last_position - self.first_position + 1 >= self.items,
                f"pretest.items {self.items} do not fit between questions {self.first_position} and "
                f"{self.last_position}; raise pretest.last_position.",
            )


class ModuleDesign(Part, frozen=True, kw_only=True):
    """One module of a multistage test, with the items it holds and the routes out of it."""

    key: str
    stage: int
    items: tuple[str, ...]
    routes: tuple[Route, ...] = ()


class Route(Part, frozen=True, kw_only=True):
    """Go to module `to` when theta is below `below` (the last route has no bound)."""

    to: str
    below: float | None = None
