"""Everything that is kept about a learner as one document. Which answers were right is not in it: items stay in use."""

from typing import Any

from engine.storage import attempts, credits, invitations, sessions
from engine.storage.attempts import Attempt
from engine.workflows import journal
from itembank.storage import accounts, institutions
from itembank.storage.database import Connection, Database


async def tell_my_data(database: Database, institution_id: int, account_id: int) -> dict[str, Any]:
    """The person, every attempt with its log, sittings and answers, what raters wrote, credits."""
    async with database.transaction(institution_id) as connection:
        own = await attempts.of_account(connection, account_id)
        return {
            "assay": "my-data/1",
            "institution": (await institutions.get(connection, institution_id)).name,
            "person": await accounts.person(connection, account_id),
            "attempts": [await _attempt(connection, attempt) for attempt in own],
            "credits": [
                {"uuid": c.uuid, "assessment": c.assessment_key, "hours": c.hours, "grade": c.grade,
                 "awarded_at": c.awarded_at, "revoked_at": c.revoked_at, "credential": c.credential_uuid}
                for c in await credits.of_account(connection, account_id)
            ],
        }  # fmt: skip


async def _attempt(connection: Connection, attempt: Attempt) -> dict[str, Any]:
    _, events = await journal.read(connection, attempt.id)
    return {
        "uuid": attempt.uuid,
        "opened_at": attempt.created_at,
        "events": events,
        "ratings": [
            {"requirement": one.requirement, "rater": one.rater, "comment": one.comment,
             "invited_at": one.invited_at, "used_at": one.used_at}
            for one in await invitations.of_attempt(connection, attempt.id)
        ],
        "sittings": [
            {
                "uuid": row.uuid, "occasion": row.occasion, "started_at": row.started_at, "deadline": row.deadline,
                "finished_at": row.finished_at, "reason": row.reason,
                "answers": [
                    {"position": item.position, "shown_at": item.shown_at, "answered_at": item.answered_at,
                     "answer": item.answer}
                    for item in await sessions.administered(connection, row.id)
                ],
            }
            for row in await sessions.of_attempt(connection, attempt.id)
        ],
    }  # fmt: skip
