"""A sitting: the item on screen, its answer, the next one, the end."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.given import GivenAnswer, NewResponse, Position, reader
from api.idempotency import once
from api.identities import REMEMBERED
from api.views import SessionDocument, read_answer, session_document
from engine.workflows.answer_desk import AnswerDesk
from engine.workflows.shelf import Shelf
from engine.workflows.show_sitting import find_session
from engine.workflows.take_pause import Resting, end_pause, take_pause
from engine.workflows.take_session import end_session, save_draft
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is half typed at the item on screen."""

    position: Position
    answer: GivenAnswer


class SessionRoutes(Controller):
    """One sitting of the account that asks."""

    path = "/sessions/{uuid:uuid}"
    tags = ["learner"]

    @get(summary="See a sitting")
    async def see(
        self,
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> SessionDocument:
        """Where it stands, the item being shown, time left; in a pause no item. Looking changes nothing."""
        step = await find_session(database, shelf, caller.institution_id, caller.account_id, uuid)
        return session_document(step)

    @post("/responses", summary="Answer the item on screen", opt=REMEMBERED)
    async def answer(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        data: JSONBody[NewResponse],
        caller: NamedDependency[Caller],
    ) -> Response[SessionDocument]:
        """201: stored, with the next item or the end. 200: the same again. 409: another item is on, or a pause."""
        database: Database = request.app.state.database  # not injected: several dependencies cost a task group
        desk: AnswerDesk = request.app.state.desk

        read = reader(data)

        async def act() -> tuple[int, SessionDocument]:
            step = await desk.answer(caller.institution_id, caller.account_id, uuid, read)
            return (201 if step.is_new else 200), session_document(step)

        return await once(request, caller, database, act)

    @put("/draft", summary="Keep what is half typed", status_code=204)
    async def draft(
        self,
        uuid: FromPath[UUID],
        data: JSONBody[Draft],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> None:
        """A draft is no answer: it is never scored and vanishes when the answer is given."""
        step = await find_session(database, shelf, caller.institution_id, caller.account_id, uuid)
        if step.item is None:
            return
        answer = read_answer(step.item.content, data.answer)
        await save_draft(database, caller.institution_id, caller.account_id, uuid, data.position, answer)

    @post("/pause", summary="Take a pause")
    async def pause(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[Resting]:
        """A pause that the learner is granted: the deadline moves later, the item is put away, no answer is taken until
        it is over or `resume` ends it. One that is on already stays as it is."""

        async def act() -> tuple[int, Resting]:
            return 201, await take_pause(database, shelf, caller.institution_id, caller.account_id, uuid)

        return await once(request, caller, database, act)

    @post("/resume", summary="Go on after a pause", status_code=200)
    async def resume(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[Resting]:
        """Without a pause nothing changes."""

        async def act() -> tuple[int, Resting]:
            return 200, await end_pause(database, shelf, caller.institution_id, caller.account_id, uuid)

        return await once(request, caller, database, act)

    @post("/finish", summary="End the sitting")
    async def finish(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[SessionDocument]:
        """End it with the answers given so far; ending it twice changes nothing."""

        async def act() -> tuple[int, SessionDocument]:
            step = await end_session(database, shelf, caller.institution_id, caller.account_id, uuid)
            return (201 if step.is_new else 200), session_document(step)

        return await once(request, caller, database, act)
