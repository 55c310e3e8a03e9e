"""A cohort by competency and state, small cells hidden; the same as CSV and JSON."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from api.auth import roles
from api.charts import heat_chart
from api.pages.looks import language
from api.pages.names import dictionary
from api.pages.render import page
from api.pages.words import translator
from engine.advising import HeatMap, heat_map, heat_map_csv
from engine.errors import Unknown
from engine.messages import catalogue
from engine.storage import cohorts
from engine.storage.cohorts import Offered
from engine.workflows.advise import Cohort, cohort_of
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

NO_STORE = {"Cache-Control": "no-store"}


@get("/advisor/cohort", opt=roles("advisor"))
async def see_cohort(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[str]:
    """The heat map of one assessment; of the one with most learners when none is named."""
    async with database.transaction(caller.institution_id) as connection:
        offered = await cohorts.assessments(connection)
    key = request.query_params.get("assessment", "")[:80]
    chosen = next(
        (one for one in offered if one.key == key), max(offered, key=lambda one: one.n_attempts, default=None)
    )
    if chosen is None:
        return page(request, "advisor/cohort/page.html", offered=[], chosen=None, figure=None, heat=None, tally=[])
    cohort = await cohort_of(database, shelf, caller.institution_id, assessment_id=chosen.id)
    heat = _heat(cohort)
    return page(
        request, "advisor/cohort/page.html", offered=offered, chosen=chosen, heat=heat, tally=_tally(cohort),
        figure=_figure(request, cohort, heat) if heat.competencies else None,
    )  # fmt: skip


def _heat(cohort: Cohort) -> HeatMap:
    return heat_map([advisee.report for advisee in cohort.advisees if advisee.report is not None])


def _tally(cohort: Cohort) -> list[tuple[str, int]]:
    states = [advisee.journey.state for advisee in cohort.advisees]
    return sorted(((state, states.count(state)) for state in set(states)), key=lambda pair: -pair[1])


def _figure(request: Request[Any, Any, Any], cohort: Cohort, heat: HeatMap) -> Any:
    spoken = language(request)
    t, words = translator(spoken), catalogue(spoken)
    names = dictionary(cohort.advisees[0].publication.framework)
    return heat_chart(
        t("advisor.cohort.heat"), t("advisor.cohort.heat_text", n=heat.n_learners or 0, least=heat.smallest_cell),
        [names.get(key, key) for key in heat.competencies], [words[f"state.{state}"] for state in heat.states],
        heat.counts, corner=t("result.competency"), hidden=t("advisor.cohort.hidden"),
    )  # fmt: skip


async def _asked(database: Database, caller: Caller, key: str) -> Offered:
    async with database.transaction(caller.institution_id) as connection:
        found = next((one for one in await cohorts.assessments(connection) if one.key == key), None)
    if found is None:
        raise Unknown(f"There is no assessment '{key}' here.")
    return found


async def heat_map_of(
    key: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> HeatMap:
    """The heat map of the assessment that the address names."""
    offered = await _asked(database, caller, key)
    return _heat(await cohort_of(database, shelf, caller.institution_id, assessment_id=offered.id))


HEAT: dict[str, Any] = {"opt": roles("advisor"), "dependencies": {"heat": Provide(heat_map_of)}}


@get("/advisor/cohort/{key:str}/heat-map.csv", **HEAT)
async def cohort_csv(heat: NamedDependency[HeatMap]) -> Response[str]:
    """The heat map as CSV."""
    return Response(heat_map_csv(heat), media_type="text/csv; charset=utf-8", headers=NO_STORE)


@get("/advisor/cohort/{key:str}/heat-map.json", **HEAT)
async def cohort_json(key: FromPath[str], heat: NamedDependency[HeatMap]) -> Response[bytes]:
    """The heat map as JSON; null = hidden."""
    document = {"assessment": key, **msgspec.to_builtins(heat)}
    return Response(msgspec.json.encode(document), media_type="application/json", headers=NO_STORE)
