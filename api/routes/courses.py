"""Courses made of modules: publish one, see how far a learner has come."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import roles
from api.idempotency import once
from api.routes.learners import learner_account
from engine.credit import Course, CourseStanding, LedgerEntry, course_standing
from engine.storage import courses
from engine.workflows.publish_course import course_of, publish_course
from itembank.storage.accounts import Caller
from itembank.storage.database import Connection, Database


class PartView(msgspec.Struct, frozen=True, kw_only=True):
    """A module and its hours."""

    module: str
    hours: Decimal


class CourseView(msgspec.Struct, frozen=True, kw_only=True):
    """A course and where the learner stands in it. `completed_at`: of the completion that holds now."""

    key: str
    title: str
    parts: list[PartView]
    complete: bool
    hours: Decimal
    hours_needed: Decimal
    held: tuple[str, ...]
    missing: tuple[str, ...]
    completed_at: datetime | None


def _view(course: Course, standing: CourseStanding, ledger: list[LedgerEntry]) -> CourseView:
    said = [entry for entry in ledger if entry.key == course.key and entry.kind in ("completed", "reopened")]
    return CourseView(
        key=course.key, title=course.title, complete=standing.complete, hours=standing.hours,
        parts=[PartView(module=part.module, hours=part.hours) for part in course.parts],
        hours_needed=standing.hours_needed, held=standing.held, missing=standing.missing,
        completed_at=said[-1].at if said and standing.complete else None,
    )  # fmt: skip


async def course_views(connection: Connection, account_id: int) -> list[CourseView]:
    """Every course with the learner's standing."""
    ledger = await courses.ledger(connection, account_id)
    return [_view(course, course_standing(course, ledger), ledger) for course in await courses.every(connection)]


class CourseRoutes(Controller):
    """Courses of the institution."""

    path = "/courses"
    tags = ["learner"]

    @get(summary="List courses")
    async def list_courses(
        self, caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> list[CourseView]:
        """Every course, with how far the account that asks has come."""
        async with database.transaction(caller.institution_id) as connection:
            return await course_views(connection, caller.account_id)

    @post(summary="Publish a course", opt=roles("registrar", "service"))
    async def publish(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[dict[str, Any]],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> Response[Course]:
        """A course document: key, title, parts (module, hours), and hours_needed when not all parts are needed."""

        async def act() -> tuple[int, Course]:
            course = course_of(data)
            return 201, await publish_course(database, caller.institution_id, course, caller.account_id)

        return await once(request, caller, database, act)


class LearnerCourseRoutes(Controller):
    """A learner's courses, for staff."""

    path = "/learners/{uuid:uuid}/courses"
    tags = ["institution"]

    @get(summary="List a learner's courses", opt=roles("advisor", "registrar"))
    async def list_courses(
        self, uuid: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> list[CourseView]:
        """Every course, with how far the learner has come."""
        async with database.transaction(caller.institution_id) as connection:
            return await course_views(connection, await learner_account(connection, uuid))
