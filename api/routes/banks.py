"""Item banks: list them, attach a calibration."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import STAFF, roles
from api.idempotency import once
from itembank.storage import banks, items
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from itembank.workflows.keep_calibration import KeptCalibration, keep_calibration


class BankView(msgspec.Struct, frozen=True, kw_only=True):
    """A bank and how many of its items are in which state."""

    key: str
    title: str
    n_items: dict[str, int]


class NewCalibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A calibration document ("calibration/1") and whose answers it rests on."""

    document: dict[str, Any]
    origin: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class BankRoutes(Controller):
    """Banks of the institution."""

    path = "/banks"
    tags = ["institution"]

    @get(summary="List banks", opt=roles(*STAFF))
    async def list_banks(self, caller: NamedDependency[Caller], database: NamedDependency[Database]) -> list[BankView]:
        """Every bank with its items counted by state."""
        async with database.transaction(caller.institution_id) as connection:
            found = []
            for bank in await banks.all_banks(connection):
                counts: dict[str, int] = {}
                for head in (await items.heads(connection, bank.id)).values():
                    counts[head.state] = counts.get(head.state, 0) + 1
                found.append(BankView(key=bank.key, title=bank.title, n_items=counts))
            return found

    @post("/{key:str}/calibrations", summary="Attach a calibration", opt=roles("psychometrician", "service"))
    async def calibrate(
        self,
        request: Request[Any, Any, Any],
        key: FromPath[str],
        data: JSONBody[NewCalibration],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> Response[KeptCalibration]:
        """The items it covers become operational with these parameters at the next publication."""

        async def act() -> tuple[int, KeptCalibration]:
            kept = await keep_calibration(
                database, caller.institution_id, key, data.document, origin=data.origin, account_id=caller.account_id
            )
            return 201, kept

        return await once(request, caller, database, act)
