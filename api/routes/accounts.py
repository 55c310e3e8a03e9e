"""Accounts of the institution, as its administrator keeps them. API keys are made on the command line alone."""

import asyncio
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import roles
from api.passwords import hashed
from itembank.storage.accounts import Caller, Person
from itembank.storage.database import Database
from itembank.workflows.keep_account import AccountWish, keep_account, list_accounts

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class AccountDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An account without anything secret."""

    uuid: UUID
    pseudonym: str
    roles: tuple[str, ...]
    name: str
    email: str | None


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account should be; what is left out stays as it is. A new password signs its browsers out."""

    roles: tuple[Text, ...] = ()
    name: Text | None = None
    email: Text | None = None
    external_id: Text | None = None
    password: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class AccountRoutes(Controller):
    """Who may do what here."""

    path = "/accounts"
    tags = ["institution"]

    @get("/", summary="List accounts", opt=roles())
    async def list_all(
        self, caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> list[AccountDocument]:
        """All accounts, oldest first."""
        return [_document(person) for person in await list_accounts(database, caller.institution_id)]

    @put("/{pseudonym:str}", summary="Make or change an account", opt=roles())
    async def keep(
        self,
        pseudonym: FromPath[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]],
        data: JSONBody[NewAccount],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> AccountDocument:
        """The account as it is now. The same request again changes nothing."""
        wish = AccountWish(
            pseudonym=pseudonym, roles=data.roles, name=data.name, email=data.email, external_id=data.external_id,
            password_hash=None if data.password is None else await asyncio.to_thread(hashed, data.password),
        )  # fmt: skip
        person, _ = await keep_account(database, caller.institution_id, wish)
        return _document(person)


def _document(person: Person) -> AccountDocument:
    return AccountDocument(
        uuid=person.uuid, pseudonym=person.pseudonym, roles=person.roles, name=person.name, email=person.email
    )
