"""assay account"""

import getpass
import sys

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from itembank.errors import BankError
from itembank.storage.accounts import Person
from itembank.storage.database import Database
from itembank.workflows.keep_account import AccountWish, keep_account, list_accounts


@click.command("account")
@click.argument("pseudonym", required=False)
@click.option("--role", "roles", multiple=True, help="A role it has; give it once for each (learner, author, …).")
@click.option("--name", help="The name people know.")
@click.option("--email", help="An address to sign in with; the pseudonym does too.")
@click.option("--external-id", help="Who it is at the institution's own sign-in (the subject of OpenID Connect).")
@click.option("--password", "with_password", is_flag=True, help="Ask for a password, or read it from standard input.")
@click.option("--key", "with_key", is_flag=True, help="Make an API key; it is shown once.")
@institution_option
@json_option
def command(
    pseudonym: str | None, roles: tuple[str, ...], name: str | None, email: str | None, external_id: str | None,
    with_password: bool, with_key: bool, institution: str, as_json: bool,
) -> None:  # fmt: skip
    """Make or change an account; without a pseudonym, list the institution's accounts.

    What is not given stays as it is. The password never stands in the command.

    Example: assay account ada --institution riverside --role advisor --name "Ada Lindqvist" --password
    """
    if pseudonym is None:
        found = with_institution(institution, list_accounts)
        return say(found, "\n".join(map(_line, found)) or "There is no account yet.", as_json)
    wish = AccountWish(
        pseudonym=pseudonym, roles=roles, name=name, email=email, external_id=external_id,
        password_hash=_hashed(_password()) if with_password else None, with_key=with_key,
    )  # fmt: skip

    async def keep(database: Database, institution_id: int) -> tuple[Person, str | None]:
        return await keep_account(database, institution_id, wish)

    person, key = with_institution(institution, keep)
    sentence = _line(person) + (f"\nAPI key, shown this once: {key}" if key else "")
    return say({"account": person, "api_key": key}, sentence, as_json)


def _line(person: Person) -> str:
    address = f" <{person.email}>" if person.email else ""
    return f"{person.pseudonym}  {person.name}{address}  {', '.join(person.roles)}"


def _password() -> str:
    """The password: asked for twice on a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        raise BankError("The two passwords differ; nothing was changed.")
    return first


def _hashed(password: str) -> str:
    from api.passwords import hashed

    return hashed(password)
