"""Enter the answers of a form that comes back: scored, decided and kept like any other sitting."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from engine.decisions import Decision
from engine.errors import EngineError, SittingOver, Unknown
from engine.policies.records import Policy
from engine.sessions import Administered, Given, SessionRow
from engine.storage import attempts, papers, sessions
from engine.storage.papers import Paper
from engine.workflows.finish_sitting import finish_sitting
from engine.workflows.shelf import Publication, Shelf
from engine.workflows.take_session import score_last
from itembank.errors import AnswerInvalid
from itembank.items import Answer, Item
from itembank.records import Record
from itembank.storage.database import Database


class FormOut(Record, frozen=True, kw_only=True):
    """A form that is out: whose, under which policy, and its questions in their order."""

    paper: Paper
    policy: Policy
    bank: str
    items: tuple[Item, ...]


async def find_form(database: Database, shelf: Shelf, institution_id: int, session_uuid: UUID) -> FormOut:
    """A form that is out, with its questions.

    Raises:
        Unknown: when no form of this uuid is out.
    """
    async with database.transaction(institution_id) as connection:
        found = await papers.running(connection, session_uuid)
        session = await sessions.find(connection, session_uuid)
        if not found or session is None:
            raise Unknown("No form of this number is out; its answers may have been entered already.")
        publication = await shelf.publication(connection, found[0].assessment_version_id)
        shown = await sessions.administered(connection, session.id)
    items = tuple(publication.bank.items[one.bank_position] for one in shown)
    return FormOut(paper=found[0], policy=publication.version.policy, bank=publication.bank.key, items=items)


async def key_in_form(
    database: Database, shelf: Shelf, institution_id: int, actor_id: int, session_uuid: UUID, answers: Sequence[Answer]
) -> Decision:
    """Score the answers in the order of the questions, decide, and award what is due: one transaction.

    Raises:
        Unknown: when there is no such form here.
        SittingOver: when its answers were entered before.
        EngineError: when there are more or fewer answers than questions.
        AnswerInvalid: naming the question whose answer does not fit; nothing is written then.
    """
    async with database.transaction(institution_id) as connection:
        session = await sessions.lock(connection, session_uuid)
        if session is None or session.on_screen:
            raise Unknown("There is no form of this number here.")
        if session.finished_at is not None:
            raise SittingOver("The answers of this form were entered already; they stay as they are.")
        attempt = await attempts.get(connection, session.attempt_id)
        publication = await shelf.publication(connection, attempt.assessment_version_id)
        shown = await sessions.administered(connection, session.id)
        answered = _score(publication, session, shown, answers)
        for one in answered:
            await sessions.add_response(connection, institution_id, session.id, one)
        step = await finish_sitting(
            connection, institution_id, publication, attempt, session, answered, "keyed_in", actor_id=actor_id
        )
    assert step.decision is not None
    return step.decision


def _score(
    publication: Publication, session: SessionRow, shown: Sequence[Administered], answers: Sequence[Answer]
) -> list[Administered]:
    if len(answers) != len(shown):
        raise EngineError(
            f"The form has {len(shown)} questions, but {len(answers)} answers came; blank ones count too."
        )
    answered = []
    for item, answer in zip(shown, answers, strict=True):
        try:
            given = Given(position=item.position, answer=answer, client_id=uuid4())
            answered.append(score_last(publication, [item], given, session.now))
        except AnswerInvalid as error:
            raise AnswerInvalid(f"Question {item.position + 1}: {error}") from None
    return answered
