"""Signing a browser in and out: a cookie that names a row, and nothing else."""

from litestar.datastructures import Cookie

from api.auth import COOKIE
from api.pages.looks import looks_cookie, read_looks
from api.settings import Settings
from itembank.storage import accounts
from itembank.storage.database import Database

HOURS = 12.0


async def open_browser_session(
    database: Database, settings: Settings, institution_id: int, account_id: int
) -> list[Cookie]:
    """The cookies of somebody who has just signed in: the session, and the looks kept in the account."""
    async with database.transaction(institution_id) as connection:
        secret = await accounts.open_web_session(connection, institution_id, account_id, HOURS * 3600)
        needs = (await accounts.person(connection, account_id)).needs
    cookies = [session_cookie(settings, secret, int(HOURS * 3600))]
    return [*cookies, looks_cookie(read_looks(needs), settings)] if needs else cookies


def session_cookie(settings: Settings, secret: str, seconds: int) -> Cookie:
    """The cookie of a session; no script can read it, and no other site's form can send it."""
    return Cookie(
        key=COOKIE, value=secret, max_age=seconds, path="/", httponly=True, samesite="lax",
        secure=settings.secure_cookies,
    )  # fmt: skip
