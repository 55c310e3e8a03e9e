"""Bring a file into a bank in two steps: look what would become of every item, then take it in."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException

from api.auth import roles
from api.pages.forms import Form
from api.pages.render import page
from engine.errors import Unknown
from itembank.competencies import Framework
from itembank.exchange.files import read_framework_file, read_items_file
from itembank.storage import banks, uploads
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from itembank.workflows.import_files import ImportedFiles, ReadFile, import_files

MOST_TOLD = 200
ROLES: tuple[str, ...] = ("file", "framework")


@get("/institution/import", opt=roles("author"))
async def see_import(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[str]:
    """Where a file is handed in."""
    async with database.transaction(caller.institution_id) as connection:
        known = await banks.all_banks(connection)
    asked = {name: request.query_params.get(name, "")[:100] for name in ("bank", "title")}
    return page(request, "institution/imports/page.html", banks=known, asked=asked, found=None, upload=None, done=False)


@post("/institution/import", opt=roles("author"), status_code=200)
async def look_at_file(
    request: Request[Any, Any, Any],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[str]:
    """What would become of every item; nothing of it is kept but the file, for a day."""
    named: dict[str, tuple[str, bytes]] = {}
    for name in ROLES:
        if name in form.files and (data := await form.files[name].read()):
            named[name] = (form.files[name].filename or name, data)
    if "file" not in named:
        raise ClientException("No file came with the form; choose one and send it again.")
    asked = {"bank": _bank_key(form), "title": form.one("title")[:200]}
    async with database.transaction(caller.institution_id) as connection:
        kept = {
            name: await uploads.keep(connection, caller.institution_id, caller.account_id, *sent)
            for name, sent in named.items()
        }
    found = await _import(database, caller, asked, named, dry_run=True)
    return await _told(request, database, caller, asked, found, kept)


@post("/institution/import/confirm", opt=roles("author"), status_code=200)
async def confirm_import(
    request: Request[Any, Any, Any],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Take the file in that was looked at."""
    kept = {name: _uuid(form.one(name)) for name in ROLES if form.one(name)}
    asked = {"bank": _bank_key(form), "title": form.one("title")[:200]}
    named = {}
    async with database.transaction(caller.institution_id) as connection:
        for name, uuid in kept.items():
            found = await uploads.find(connection, uuid, caller.account_id)
            if found is None:
                raise Unknown("The file is no longer here; hand it in again.")
            named[name] = found
    result = await _import(database, caller, asked, named, dry_run=False)
    async with database.transaction(caller.institution_id) as connection:
        for uuid in kept.values():
            await uploads.forget(connection, uuid)
    return await _told(request, database, caller, asked, result, {})


async def _import(
    database: Database, caller: Caller, asked: dict[str, str], named: dict[str, tuple[str, bytes]], *, dry_run: bool
) -> ImportedFiles:
    read, framework = await asyncio.to_thread(_read, named)
    return await import_files(
        database, caller.institution_id, asked["bank"], [read], framework=framework, title=asked["title"],
        dry_run=dry_run, account_id=caller.account_id,
    )  # fmt: skip


def _read(named: dict[str, tuple[str, bytes]]) -> tuple[ReadFile, Framework | None]:
    """Readers choose by name as well as by content, so the file gets its own name back."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for role, (name, data) in named.items():
            paths[role] = Path(folder) / role / (Path(name.replace("\\", "/")).name or role)
            paths[role].parent.mkdir()
            paths[role].write_bytes(data)
        framework = read_framework_file(paths["framework"]) if "framework" in paths else None
        return read_items_file(paths["file"]), framework


async def _told(
    request: Request[Any, Any, Any], database: Database, caller: Caller, asked: dict[str, str], found: ImportedFiles,
    upload: dict[str, UUID],
) -> Response[str]:  # fmt: skip
    async with database.transaction(caller.institution_id) as connection:
        known = await banks.all_banks(connection)
    told = [(report, entry) for report in found.files for entry in report.told]
    return page(
        request, "institution/imports/page.html", banks=known, asked=asked, found=found, upload=upload,
        done=not found.dry_run, told=told[:MOST_TOLD], n_more=max(len(told) - MOST_TOLD, 0),
    )  # fmt: skip


def _bank_key(form: Form) -> str:
    return (form.one("new_bank") or form.one("bank"))[:63]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Unknown("The file is no longer here; hand it in again.") from None
