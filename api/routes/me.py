"""What is kept about the account that asks, and its erasure."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import roles
from api.idempotency import once
from engine.storage import erasures
from engine.storage.erasures import Asking
from engine.workflows.erase_person import Erased, ask_erasure, erase_person
from engine.workflows.tell_my_data import tell_my_data
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


class ErasureAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`withdraw`: take an earlier request back."""

    withdraw: bool = False


class ErasureNoted(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a request is written down. A registrar carries it out, because it also ends signing in."""

    asked: bool


class MyRoutes(Controller):
    """The account that asks."""

    path = "/me"
    tags = ["learner"]

    @get("/data", summary="Have everything that is kept about oneself")
    async def data(
        self, caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> Response[dict[str, Any]]:
        """Person, attempts with their logs, sittings and answers, ratings, credits: one JSON document."""
        document = await tell_my_data(database, caller.institution_id, caller.account_id)
        return Response(document, headers={"Cache-Control": "no-store"})

    @post("/erasure", summary="Ask to be erased")
    async def ask(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[ErasureAsked],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> Response[ErasureNoted]:
        """Write the request down, or take it back with `withdraw`."""

        async def act() -> tuple[int, ErasureNoted]:
            await ask_erasure(database, caller.institution_id, caller.account_id, withdraw=data.withdraw)
            return 201, ErasureNoted(asked=not data.withdraw)

        return await once(request, caller, database, act)


class ErasureRoutes(Controller):
    """Requests to be erased, for the registrar."""

    path = "/erasures"
    tags = ["institution"]

    @get(summary="List who asked to be erased", opt=roles("registrar"))
    async def list_asked(self, caller: NamedDependency[Caller], database: NamedDependency[Database]) -> list[Asking]:
        """The longest waiting first."""
        async with database.transaction(caller.institution_id) as connection:
            return await erasures.asked(connection)

    @post("/{uuid:uuid}", summary="Erase a learner who asked", opt=roles("registrar"))
    async def carry_out(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> Response[Erased]:
        """Name, address, notes, keys and every answer in own words are gone for good; decisions stay verifiable."""

        async def act() -> tuple[int, Erased]:
            return 201, await erase_person(database, caller.institution_id, uuid)

        return await once(request, caller, database, act)
