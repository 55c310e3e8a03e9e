"""assay publish-course"""

from pathlib import Path

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from engine.credit import Course
from engine.workflows.publish_course import publish_course, read_course
from itembank.storage import accounts
from itembank.storage.database import Database


@click.command("publish-course")
@click.argument("course", type=click.Path(path_type=Path))
@institution_option
@json_option
def command(course: Path, institution: str, as_json: bool) -> None:
    """Publish a course made of published assessments; who holds all its parts has completed it.

    Example: assay publish-course data-analyst.toml
    """
    document = read_course(course.read_bytes())

    async def act(database: Database, institution_id: int) -> Course:
        async with database.transaction(institution_id) as connection:
            account = await accounts.create(connection, institution_id, "command-line", ["service"])
        return await publish_course(database, institution_id, document, account)

    published = with_institution(institution, act)
    modules = ", ".join(part.module for part in published.parts)
    say(published, f"Course {published.key} is published: {modules}.", as_json)
