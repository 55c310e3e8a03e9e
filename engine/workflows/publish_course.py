"""Publish a course made of modules; who holds them all already has completed it."""

import re
import tomllib
from datetime import datetime

import msgspec

from engine.credit import Course
from engine.errors import EngineError
from engine.storage import assessments, courses
from engine.workflows.settle_courses import settle_courses
from itembank.records import canonical
from itembank.storage.database import Connection, Database

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class CourseInvalid(EngineError):
    """The course cannot be published; the message names the place and the remedy."""


def read_course(document: bytes) -> Course:
    """The course that a TOML document describes: key, title, parts (module, hours), hours_needed for electives.

    Raises:
        CourseInvalid: naming the place in the document.
    """
    try:
        return course_of(tomllib.loads(document.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseInvalid(f"The course is not valid TOML: {error}.") from None


def course_of(plain: object) -> Course:
    """The course in a plain document.

    Raises:
        CourseInvalid: naming the place in the document.
    """
    try:
        course = msgspec.convert(plain, Course)
    except (msgspec.ValidationError, ValueError) as error:
        raise CourseInvalid(f"The course cannot be used: {error}") from None
    except ArithmeticError:
        raise CourseInvalid("The course cannot be used: hours must be numbers such as 0.6.") from None
    if not KEY.fullmatch(course.key):
        raise CourseInvalid(
            f"Course '{course.key}': a key is 1 to 63 letters, digits, dots, hyphens and underscores, a letter or "
            "digit first."
        )
    return course


async def publish_course(database: Database, institution_id: int, course: Course, published_by: int) -> Course:
    """The course as it is kept. Publishing an equal one again changes nothing.

    Raises:
        CourseInvalid: when a part is not published here or carries other hours, or the key belongs to another course.
    """
    async with database.transaction(institution_id) as connection:
        kept = await courses.find(connection, course.key)
        if kept is None:
            await _check_parts(connection, course)
            await courses.publish(connection, institution_id, course, published_by)
            kept = await courses.find(connection, course.key)
        assert kept is not None
        if canonical(kept) != canonical(course):
            raise CourseInvalid(
                f"Course '{course.key}' is published already with other parts, and learners rely on them; "
                "publish this one under another key."
            )
        now: datetime = await connection.fetchval("SELECT now()")
        for account_id in await courses.holders(connection, [part.module for part in course.parts]):
            await settle_courses(connection, institution_id, account_id, now)
    return kept


async def _check_parts(connection: Connection, course: Course) -> None:
    for part in course.parts:
        version = await assessments.current(connection, part.module)
        if version is None:
            raise CourseInvalid(f"Course '{course.key}': no assessment '{part.module}' is published here.")
        if version.policy.credit.hours != part.hours:
            raise CourseInvalid(
                f"Course '{course.key}': part '{part.module}' says {part.hours} hours, but its policy gives "
                f"{version.policy.credit.hours}; make them equal."
            )
