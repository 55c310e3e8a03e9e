"""What the sample lacks for every page to have something on it: a flag, and a link for an employer's rating."""

from uuid import UUID, uuid4

import msgspec

from api.sample_cohort import answer_to
from engine.policies import preset
from engine.sessions import Given
from engine.workflows.answer_desk import AnswerDesk
from engine.workflows.invite_rater import invite_rater
from engine.workflows.open_attempt import open_attempt
from engine.workflows.publish_assessment import publish_assessment
from engine.workflows.raise_flags import raise_flags
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import start_session
from itembank.storage import accounts
from itembank.storage.database import Database

BANK, SAMPLE, STAFF = "data-literacy", 1, 1
COMPETENCIES = ("averages", "chance", "sampling", "spreadsheets", "tables")


async def furnish(dsn: str) -> str:
    """Make both; returns the path of the rater's link."""
    database, shelf = Database(dsn), Shelf()
    await click_through(database, shelf)
    await raise_flags(database, SAMPLE, BANK)
    token = await invite(database, shelf)
    await database.close()
    return f"/attestations/{token}"


async def opened(database: Database, shelf: Shelf, name: str, assessment: str) -> tuple[int, UUID]:
    """A new learner with an attempt."""
    async with database.transaction(SAMPLE) as connection:
        account = await accounts.create(connection, SAMPLE, f"furniture-{uuid4().hex[:8]}", ["learner"], name)
        learner = (await accounts.person(connection, account)).uuid
    view, _ = await open_attempt(database, shelf, SAMPLE, account, str(learner), assessment)
    return account, view.attempt.uuid


async def click_through(database: Database, shelf: Shelf) -> None:
    """A pre-test answered without reading a single question."""
    account, attempt = await opened(database, shelf, "Hurried Harriet", BANK)
    desk = AnswerDesk(database, shelf)
    step = await start_session(database, shelf, SAMPLE, account, attempt, "pre_test")
    while step.item is not None:
        bank, shown = step.publication.bank, step.item
        item = next(one for one in bank.items if one.key == shown.item)
        given = Given(position=shown.position, answer=answer_to(item, right=False), client_id=uuid4())
        step = await desk.answer(SAMPLE, account, step.session.uuid, lambda _, given=given: given)
    await desk.close()


async def invite(database: Database, shelf: Shelf) -> str:
    """The token of a link to a rubric of five competencies."""
    policy = msgspec.structs.replace(preset("waterloo"), competencies=COMPETENCIES)
    await publish_assessment(database, SAMPLE, policy, BANK, STAFF)
    _, attempt = await opened(database, shelf, "Robin Tremblay", policy.key)
    return (await invite_rater(database, shelf, SAMPLE, STAFF, attempt, "employer", "Jo Ferreira")).token
