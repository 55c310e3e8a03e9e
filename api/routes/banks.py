"""Item banks: list them, attach a calibration."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import STAFF, roles
from api.idempotency import once
from engine.exposure.rates import use_of
from engine.storage import exposures
from engine.workflows.shelf import Shelf
from engine.workflows.spare_items import count_finished
from itembank.errors import BankUnknown
from itembank.storage import bank_versions, banks, items
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from itembank.workflows.keep_calibration import KeptCalibration, keep_calibration


class BankView(msgspec.Struct, frozen=True, kw_only=True):
    """A bank and how many of its items are in which state."""

    key: str
    title: str
    n_items: dict[str, int]


class PoolUse(msgspec.Struct, frozen=True, kw_only=True):
    """Finished sittings of one rotating pool, or of all; `rates`: the share of them that showed each item, by key."""

    pool: int | None
    sittings: int
    highest_rate: float
    unused_share: float
    overlap: float | None
    rates: dict[str, float]


class ExposureView(msgspec.Struct, frozen=True, kw_only=True):
    """How the sittings on the newest published version of a bank used its items; `pools` are empty where one is all."""

    bank: str
    version: int
    overall: PoolUse | None
    pools: list[PoolUse]


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

    @get("/{key:str}/exposure", summary="Read exposure rates", opt=roles("author", "psychometrician", "registrar"))
    async def exposure(
        self,
        key: FromPath[str],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> ExposureView:
        """Which share of the finished sittings showed each item: overall and by rotating pool, with their overlap."""
        async with database.transaction(caller.institution_id) as connection:
            bank = await banks.find(connection, key)
            version = None if bank is None else await bank_versions.latest(connection, bank.id)
            if version is None:
                raise BankUnknown(f"There is no published version of a bank '{key}' here.")
            number = (await bank_versions.get(connection, version)).number
            await count_finished(connection, caller.institution_id, shelf)
            keys = await exposures.keys(connection, version)
            pools = await exposures.by_pool(connection, version)
        uses = [_use(keys, one.sittings, one.administered, one.pool) for one in pools]
        whole = [sum(counts) for counts in zip(*(one.administered for one in pools))]
        overall = _use(keys, sum(one.sittings for one in pools), whole) if pools else None
        return ExposureView(bank=key, version=number, overall=overall, pools=uses if len(uses) > 1 else [])

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


def _use(keys: Sequence[str], sittings: int, administered: Sequence[int], pool: int | None = None) -> PoolUse:
    use = use_of(sittings, administered)
    return PoolUse(
        pool=pool, sittings=use.sittings, highest_rate=use.highest_rate, unused_share=use.unused_share,
        overlap=use.overlap, rates=dict(zip(keys, use.rates, strict=True)),
    )  # fmt: skip
