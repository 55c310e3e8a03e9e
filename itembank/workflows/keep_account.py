"""Make an account or change it: roles, name, address, who it is elsewhere, password, a new API key."""

from itembank.errors import BankError
from itembank.records import Record
from itembank.storage import accounts
from itembank.storage.accounts import Person
from itembank.storage.database import Connection, Database

ROLES = (
    "learner", "author", "psychometrician", "advisor", "registrar", "institution_admin", "service", "verifier",
)  # fmt: skip


class AccountRefused(BankError):
    """An account cannot be kept as wished; the message says what to change."""


class AccountWish(Record, frozen=True, kw_only=True):
    """What an account should be; None, or no roles, leaves that as it is."""

    pseudonym: str
    roles: tuple[str, ...] = ()
    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    password_hash: str | None = None
    with_key: bool = False


async def keep_account(database: Database, institution_id: int, wish: AccountWish) -> tuple[Person, str | None]:
    """The account as it is now, and its new API key when one was wished for.

    Raises:
        AccountRefused: naming the role, or the missing roles of a new account.
        AddressTaken: when somebody else has the address or the external id.
    """
    _check_roles(wish.roles)
    async with database.transaction(institution_id) as connection:
        return await _keep(connection, institution_id, wish)


async def _keep(connection: Connection, institution_id: int, wish: AccountWish) -> tuple[Person, str | None]:
    known = await accounts.find(connection, wish.pseudonym)
    if known is None and not wish.roles:
        raise AccountRefused(f"There is no account '{wish.pseudonym}' yet; say which roles a new one has.")
    roles = list(wish.roles or (known.roles if known else ()))
    account_id = await accounts.create(connection, institution_id, wish.pseudonym, roles)
    await accounts.describe(connection, institution_id, account_id, wish.name, wish.email, wish.external_id)
    if wish.password_hash is not None:
        await accounts.set_password(connection, account_id, wish.password_hash)
        await accounts.close_web_sessions(connection, account_id)
    key = None
    if wish.with_key:
        key = await accounts.add_key(connection, institution_id, account_id, "made for the account")
    return await accounts.person(connection, account_id), key


async def list_accounts(database: Database, institution_id: int) -> list[Person]:
    """All accounts of the institution, oldest first."""
    async with database.transaction(institution_id) as connection:
        return await accounts.people(connection)


def _check_roles(roles: tuple[str, ...]) -> None:
    for role in roles:
        if role not in ROLES:
            raise AccountRefused(f"There is no role '{role}'; the roles are {', '.join(ROLES)}.")
