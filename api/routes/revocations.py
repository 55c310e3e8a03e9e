"""Taking credit back, and changing the keys that sign."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import roles
from api.idempotency import once
from api.views import AttemptDocument, attempt_document
from engine.storage import credentials
from engine.workflows.issue_credential import revoke_credit, rotate_keys
from engine.workflows.open_attempt import attempt_here, view_of
from engine.workflows.shelf import Shelf
from itembank.storage.accounts import Caller
from itembank.storage.database import Database


class NewRevocation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why; whoever checks the credential reads it, so name nobody."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=200)]


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key by its name in the issuer's DID document."""

    fragment: str
    algorithm: str
    retired: bool


class RevocationRoutes(Controller):
    """The credit of an attempt."""

    path = "/attempts/{uuid:uuid}/credit"
    tags = ["institution"]

    @post("/revocation", summary="Revoke a credit", opt=roles("registrar"))
    async def revoke(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        data: JSONBody[NewRevocation],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[AttemptDocument]:
        """From this moment its credential is revoked, and a course that needs it is open again."""

        async def act() -> tuple[int, AttemptDocument]:
            await revoke_credit(
                database, shelf, caller.institution_id, uuid, caller.account_id, str(caller.account_uuid), data.reason
            )
            async with database.transaction(caller.institution_id) as connection:
                attempt = await attempt_here(connection, uuid)
                now = await connection.fetchval("SELECT now()")
                return 201, attempt_document(await view_of(connection, shelf, attempt, now))

        return await once(request, caller, database, act)


class KeyRoutes(Controller):
    """The institution's signing keys."""

    path = "/signing-keys"
    tags = ["institution"]

    @post("/rotation", summary="Rotate the signing keys", opt=roles("registrar"))
    async def rotate(
        self, request: Request[Any, Any, Any], caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> Response[list[KeyView]]:
        """New keys sign from now on; the old ones stay published, so what they signed stays valid."""

        async def act() -> tuple[int, list[KeyView]]:
            await rotate_keys(database, caller.institution_id)
            async with database.transaction(caller.institution_id) as connection:
                kept = await credentials.keys(connection)
            return 201, [
                KeyView(fragment=key.fragment, algorithm=key.algorithm, retired=key.retired is not None) for key in kept
            ]

        return await once(request, caller, database, act)
