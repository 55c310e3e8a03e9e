"""Items of a bank: bring files in, see where each item stands, move them through their life, calibrate new ones."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, JSONBody, QueryParameter

from api.auth import STAFF, roles
from api.idempotency import once
from engine.pretest_calibration import FEWEST
from engine.workflows.calibrate_pretest import PretestCalibration, calibrate_pretest
from itembank.coverage import Cell, Coverage
from itembank.errors import BankUnknown, FileRefused
from itembank.exchange.files import read_framework_bytes, read_items_bytes
from itembank.exchange.parameters.files import read_parameters
from itembank.lifecycle import State
from itembank.storage import banks, item_events, items
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from itembank.storage.item_events import ItemEvent
from itembank.workflows.import_files import ImportedFiles, import_files
from itembank.workflows.move_items import Moved, life_of_items, move_items
from itembank.workflows.report_coverage import report_coverage

ItemKey = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
AUTHORS = roles("author", "psychometrician", "service")
MOST_FILES = 50


class ItemStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where an item stands; `calibrated`: its newest version has parameters on the bank's scale."""

    key: str
    state: State
    version: int
    calibrated: bool


class NewMove(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Items to be moved into a state, and why."""

    items: Annotated[list[ItemKey], msgspec.Meta(min_length=1, max_length=10_000)]
    to: State
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=1000)]


class NewPretestCalibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model of two-category items, and how many answers an item needs before it may count."""

    model: str = "2pl"
    min_responses: Annotated[int, msgspec.Meta(ge=10, le=1_000_000)] = FEWEST


class CellView(msgspec.Struct, frozen=True, kw_only=True):
    """One competency in one band of difficulty."""

    competency: str
    band: str
    n_items: int
    n_missing: int


class CoverageView(msgspec.Struct, frozen=True, kw_only=True):
    """The table of competency × difficulty; `outside`: items of no competency of the framework."""

    cuts: tuple[float, ...]
    n_missing: int
    cells: list[CellView]
    holes: list[CellView]
    uncalibrated: dict[str, int]
    outside: tuple[str, ...]


def _cell(cell: Cell, found: Coverage) -> CellView:
    return CellView(
        competency=cell.competency, band=found.band_name(cell.band), n_items=cell.n_items, n_missing=cell.n_missing
    )


@dataclass
class ItemFiles:
    """Item files; a framework for a new bank; a parameter file whose convention its columns tell."""

    files: list[UploadFile]
    framework: UploadFile | None = None
    parameters: UploadFile | None = None


class ItemRoutes(Controller):
    """Items of one bank."""

    path = "/banks/{key:str}"
    tags = ["institution"]

    @get("/items", summary="List items", opt=roles(*STAFF))
    async def list_items(
        self, key: FromPath[str], caller: NamedDependency[Caller], database: NamedDependency[Database]
    ) -> list[ItemStanding]:
        """Every item with its state, in the order of arrival."""
        async with database.transaction(caller.institution_id) as connection:
            bank = await banks.find(connection, key)
            if bank is None:
                raise BankUnknown(f"There is no bank '{key}' here.")
            calibrated = await item_events.calibrated_keys(connection, bank.id)
            return [
                ItemStanding(key=head.key, state=head.state, version=head.number, calibrated=head.key in calibrated)
                for head in (await items.heads(connection, bank.id)).values()
            ]

    @post("/items", summary="Import item files", opt=AUTHORS | {"upload": True})
    async def bring_in(
        self,
        request: Request[Any, Any, Any],
        key: FromPath[str],
        data: Annotated[ItemFiles, Body(media_type=RequestEncodingType.MULTI_PART)],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        dry_run: FromQuery[bool] = True,
        with_parameters: FromQuery[bool] = False,
    ) -> Response[ImportedFiles]:
        """What became, or with `dry_run` (the default) would become, of every item; all of it is saved or nothing."""
        if len(data.files) > MOST_FILES:
            raise FileRefused(f"{len(data.files)} files were sent; at most {MOST_FILES} are read at once.")
        sent = [(file.filename, await file.read()) for file in data.files]
        framework = None if data.framework is None else (data.framework.filename, await data.framework.read())
        given = None if data.parameters is None else (data.parameters.filename, await data.parameters.read())

        async def act() -> tuple[int, ImportedFiles]:
            done = await import_files(
                database, caller.institution_id, key, [read_items_bytes(content, name) for name, content in sent],
                framework=None if framework is None else read_framework_bytes(framework[1], framework[0]),
                parameters=None if given is None else read_parameters(given[1], given[0]),
                with_parameters=with_parameters, dry_run=dry_run, account_id=caller.account_id,
            )  # fmt: skip
            return (200 if dry_run else 201), done

        return await once(request, caller, database, act)

    @get("/coverage", summary="See what the bank lacks", opt=roles(*STAFF))
    async def see_coverage(
        self,
        key: FromPath[str],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        needed: Annotated[int, QueryParameter(ge=0, le=1000)] = 3,
    ) -> CoverageView:
        """Operational items by competency and difficulty against `needed` in every cell; the emptiest cells first."""
        found = await report_coverage(database, caller.institution_id, key, needed)
        return CoverageView(
            cuts=found.cuts, n_missing=found.n_missing(), uncalibrated=found.uncalibrated, outside=found.outside,
            cells=[_cell(cell, found) for cell in found.cells], holes=[_cell(cell, found) for cell in found.holes],
        )  # fmt: skip

    @post("/moves", summary="Move items to another state", opt=AUTHORS)
    async def move(
        self,
        request: Request[Any, Any, Any],
        key: FromPath[str],
        data: JSONBody[NewMove],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> Response[Moved]:
        """All of them or none; what is published already is not touched."""

        async def act() -> tuple[int, Moved]:
            return 201, await move_items(
                database, caller.institution_id, key, data.items, data.to, data.reason, caller.account_id
            )

        return await once(request, caller, database, act)

    @get("/events", summary="Read the log of items", opt=roles(*STAFF))
    async def events(
        self,
        key: FromPath[str],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        item: FromQuery[str | None] = None,
    ) -> list[ItemEvent]:
        """Every change of state in the bank (of one item, when named), with its reason and through whom."""
        return await life_of_items(database, caller.institution_id, key, item)

    @post("/pretest-calibrations", summary="Calibrate pretest items", opt=roles("psychometrician", "service"))
    async def calibrate_new(
        self,
        request: Request[Any, Any, Any],
        key: FromPath[str],
        data: JSONBody[NewPretestCalibration],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
    ) -> Response[PretestCalibration]:
        """From the answers of sittings, operational items held fixed; items with enough answers become operational."""

        async def act() -> tuple[int, PretestCalibration]:
            return 201, await calibrate_pretest(
                database, caller.institution_id, key, model=data.model, min_responses=data.min_responses,
                account_id=caller.account_id,
            )  # fmt: skip

        return await once(request, caller, database, act)
