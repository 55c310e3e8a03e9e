"""Courses made of modules: which there are, who has come how far, and a form for the next."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from api.auth import roles
from api.pages.forms import Form
from api.pages.institution.stock import STAFF
from api.pages.navigation import REGISTRY
from api.pages.render import page, see_other
from engine.credit import Course, CourseStanding, LedgerEntry, course_standing
from engine.storage import cohorts, course_holders, courses
from engine.storage.course_holders import Holder
from engine.workflows.publish_course import course_of, publish_course
from itembank.storage.accounts import Caller
from itembank.storage.database import Connection, Database

MOST_TOLD = 100


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """A course with everybody who holds a part of it, those who have come furthest first."""

    course: Course
    standings: list[tuple[Holder, CourseStanding]]

    @property
    def n_complete(self) -> int:
        """How many have completed it."""
        return sum(standing.complete for _, standing in self.standings)


@get("/institution/courses", opt=roles(*STAFF))
async def see_courses(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[str]:
    """Every course, and for the registrar a form."""
    async with database.transaction(caller.institution_id) as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        offered = await cohorts.assessments(connection)
        followed = [await _followed(connection, course, now) for course in await courses.every(connection)]
    return page(
        request, "institution/courses/page.html", followed=followed, offered=offered, most=MOST_TOLD,
        titles={one.key: one.policy.title for one in offered}, may=bool(caller.roles & REGISTRY),
        published=request.query_params.get("published", "")[:63],
    )  # fmt: skip


async def _followed(connection: Connection, course: Course, now: datetime) -> Followed:
    holders = await course_holders.every(connection, [part.module for part in course.parts])
    standings = [
        (holder, course_standing(course, [LedgerEntry(at=now, kind="awarded", key=key) for key in holder.modules]))
        for holder in holders
    ]
    return Followed(course=course, standings=sorted(standings, key=lambda pair: -pair[1].hours))


@post("/institution/courses", opt=roles("registrar"))
async def publish(
    form: NamedDependency[Form], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[Any]:
    """Publish a course of the modules that were ticked, each with the hours that its policy gives."""
    async with database.transaction(caller.institution_id) as connection:
        hours = {one.key: str(one.policy.credit.hours) for one in await cohorts.assessments(connection)}
    parts = [{"module": key, "hours": hours[key]} for key in form.every("module") if key in hours]
    asked: dict[str, Any] = {"key": form.one("key"), "title": form.one("title")[:300], "parts": parts}
    if needed := form.one("hours_needed").replace(",", "."):
        asked["hours_needed"] = needed
    course = await publish_course(database, caller.institution_id, course_of(asked), caller.account_id)
    return see_other(f"/institution/courses?published={course.key}")
