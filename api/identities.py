"""Whose API key this is: asked of the database for many requests at once, and remembered for a moment.

Only learners' keys are remembered, for FRESH_SECONDS, and only handlers that say so (`opt=REMEMBERED`) make use of it:
there a key that is revoked, or an account that is disabled, is refused at most that much later. Everywhere else, and
for staff, the database is asked at every request. Whoever has not come for that long is forgotten.
"""

import asyncio
import hashlib
from collections import OrderedDict
from time import monotonic

from itembank.storage import accounts
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

FRESH_SECONDS = 2.0
REMEMBERED = {"remembered": True}
REMEMBERED_ROLES = frozenset({"learner"})


class Identities:
    """The accounts behind keys, for one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()
        self._asked: dict[bytes, asyncio.Future[Caller | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def of_key(self, secret: str, *, remembered: bool = False) -> Caller | None:
        """The account of a key; None for a wrong, expired or revoked one. `remembered`: as of a moment ago will do."""
        digest = digest_of(secret)
        known = self.remembered(digest) if remembered else None
        return known or await asyncio.shield(self.asked(digest))

    def remembered(self, digest: bytes) -> Caller | None:
        """The account of a key as of a moment ago."""
        known = self._known.get(digest)
        return None if known is None or known[0] <= monotonic() else known[1]

    def asked(self, digest: bytes) -> asyncio.Future[Caller | None]:
        """The account of a key as of now, once the database has answered; None for a wrong, expired or revoked one."""
        promise = self._asked.get(digest)
        if promise is None:
            promise = self._asked[digest] = asyncio.get_running_loop().create_future()
            promise.add_done_callback(_look_at)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return promise

    async def _ask(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            began = monotonic()
            try:
                found = await accounts.identify_keys(self._database, list(asked))
            except Exception as error:
                for promise in asked.values():
                    promise.set_exception(error)
                continue
            self._forget()
            for digest, promise in asked.items():
                caller = found.get(digest)
                self._remember(digest, caller, began + FRESH_SECONDS)
                promise.set_result(caller)

    def _remember(self, digest: bytes, caller: Caller | None, until: float) -> None:
        self._known.pop(digest, None)
        if caller is not None and caller.roles <= REMEMBERED_ROLES:
            self._known[digest] = (until, caller)

    def _forget(self) -> None:
        """Whoever has not come for a moment needs no room; those remembered longest ago stand first."""
        now = monotonic()
        while self._known and next(iter(self._known.values()))[0] <= now:
            self._known.popitem(last=False)


def digest_of(secret: str) -> bytes:
    """By which a key is known here and in the database."""
    return hashlib.sha256(secret.encode()).digest()


def _look_at(promise: asyncio.Future[Caller | None]) -> None:
    """An error nobody waits for any more is no news."""
    if not promise.cancelled():
        promise.exception()
