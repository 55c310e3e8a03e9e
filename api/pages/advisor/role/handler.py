"""What a role or a programme demands, held against everybody who opened an assessment; small cells hidden."""

from typing import Any

import msgspec
from cachetools import LRUCache
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import ClientException

from api.auth import roles
from api.charts import Figure, heat_chart
from api.pages.looks import language
from api.pages.names import dictionary
from api.pages.render import page
from api.pages.words import translator
from engine.advising import heat_map_csv
from engine.messages import catalogue
from engine.storage import assessments, cohorts
from engine.storage.cohorts import Offered
from engine.workflows.match_profile import SMALLEST_CELL, Fit, Role, Wanted, match_group
from engine.workflows.shelf import Publication, Shelf
from itembank.records import canonical, digest
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

CUT = "cut:"
LOWEST, HIGHEST = 1, 99
CAPACITY = 64
"""Groups whose fit is kept."""


class Demanded(msgspec.Struct, frozen=True, kw_only=True):
    """The assessment that was chosen, and what the role demands of its competencies; `role` is None before that."""

    offered: list[Offered]
    chosen: Offered | None
    publication: Publication | None
    title: str
    cuts: dict[str, float]

    @property
    def role(self) -> Role | None:
        """The role, once it demands anything."""
        wants = tuple(Wanted(competency=name, cut_percent=cut) for name, cut in self.cuts.items())
        return Role(key="role", title=self.title, wants=wants) if wants else None


class Fits:
    """Groups against roles by the hashes of the learners' last events: the same logs always fit the same."""

    def __init__(self) -> None:
        self._kept: LRUCache[str, Fit] = LRUCache(CAPACITY)

    async def of(self, database: Database, shelf: Shelf, caller: Caller, role: Role, chosen: Offered) -> Fit:
        """Everybody who opened the assessment, held against the role."""
        async with database.transaction(caller.institution_id) as connection:
            taken = await cohorts.attempts(connection, assessment_id=chosen.id)
        key = digest(canonical(role), str(chosen.id).encode(), *(one.head.encode() for one in taken))
        if key not in self._kept:
            self._kept[key] = await match_group(database, shelf, caller.institution_id, role, chosen.key, None)
        return self._kept[key]


FITS = Fits()


async def _demanded(request: Request[Any, Any, Any], database: Database, caller: Caller, shelf: Shelf) -> Demanded:
    asked = request.query_params
    async with database.transaction(caller.institution_id) as connection:
        offered = await cohorts.assessments(connection)
        most = max(offered, key=lambda one: one.n_attempts, default=None)
        chosen = next((one for one in offered if one.key == asked.get("assessment", "")), most)
        version = None if chosen is None else await assessments.current(connection, chosen.key)
        publication = None if version is None else await shelf.publication(connection, version.id)
    known = () if publication is None else publication.bank.competencies
    given = {name: asked.get(CUT + name, "").strip() for name in known}
    return Demanded(
        offered=offered, chosen=chosen, publication=publication, title=asked.get("title", "").strip()[:200],
        cuts={name: _percent(text) for name, text in given.items() if text},
    )  # fmt: skip


def _percent(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = 0.0
    if not LOWEST <= value <= HIGHEST:
        raise ClientException(
            f"'{text[:20]}' is no demand; write a percentage from {LOWEST} to {HIGHEST}, or leave it empty."
        )
    return value


@get("/advisor/role", opt=roles("advisor", "registrar"))
async def see_role(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """The demands as a form, and below it where the group stands."""
    found = await _demanded(request, database, caller, shelf)
    role, fit = found.role, None
    if role is not None and found.chosen is not None:
        fit = await FITS.of(database, shelf, caller, role, found.chosen)
    names = {} if found.publication is None else dictionary(found.publication.framework)
    return page(
        request, "advisor/role/page.html", found=found, fit=fit, names=names, prefix=CUT, least=SMALLEST_CELL,
        competencies=() if found.publication is None else found.publication.bank.competencies,
        figure=_figure(request, fit, names) if fit is not None and fit.heat.n_learners else None,
        query=request.url.query,
    )  # fmt: skip


def _figure(request: Request[Any, Any, Any], fit: Fit, names: dict[str, str]) -> Figure:
    spoken = language(request)
    t, states, heat = translator(spoken), catalogue(spoken), fit.heat
    return heat_chart(
        t("advisor.role.heat"), t("advisor.role.heat_text", n=heat.n_learners or 0, least=heat.smallest_cell),
        [names.get(key, key) for key in heat.competencies], [states[f"state.{state}"] for state in heat.states],
        heat.counts, corner=t("result.competency"), hidden=t("advisor.cohort.hidden"),
    )  # fmt: skip


@get("/advisor/role.csv", opt=roles("advisor", "registrar"))
async def role_csv(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """The same as CSV; the JSON stands at /api/v1/role-matches."""
    found = await _demanded(request, database, caller, shelf)
    role = found.role
    if role is None or found.chosen is None:
        raise ClientException("The role demands nothing yet; give at least one competency a percentage.")
    fit = await FITS.of(database, shelf, caller, role, found.chosen)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="assay-role.csv"'}
    return Response(heat_map_csv(fit.heat), media_type="text/csv; charset=utf-8", headers=headers)
