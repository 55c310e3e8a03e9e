"""Check a credential by its link or by files: the verdict in the first line, then what it says and how surely."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.auth import PUBLIC
from api.pages.looks import language
from api.pages.render import page
from api.pages.verifier.verify.reading import Told, told
from api.routes.credentials import MOST_FILES, stored_credential
from api.settings import Settings
from engine.credentials.issue import as_json
from engine.credentials.verify import Verdict
from engine.errors import Unknown
from engine.messages import say
from engine.storage import credentials
from engine.workflows.describe_credential import Behind, behind_credential
from engine.workflows.shelf import Shelf
from engine.workflows.verify_credentials import verify_files
from itembank.storage import institutions
from itembank.storage.database import Database

SAMPLE = "sample"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One credential on the page: the file it came in, the verdict in words, and what it says."""

    name: str
    status: str
    sentence: str
    detail: str
    told: Told | None = None
    behind: Behind | None = None


@get("/verify", opt=PUBLIC)
async def see_verify(
    request: Request[Any, Any, Any], database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Response[str]:
    """Where files are handed in; a demonstration has a badge or two at hand."""
    examples: list[tuple[UUID, bool]] = []
    sample = await institutions.find(database, SAMPLE) if settings.is_demo else None
    if sample is not None:
        async with database.transaction(sample) as connection:
            examples = await credentials.some(connection)
    return page(request, "verifier/verify/page.html", checked=[], problem="", examples=examples)


@get("/verify/{uuid:uuid}", opt=PUBLIC)
async def check_one(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """The verdict on a credential of this server, as it stands this moment, from the signed document itself."""
    try:
        stored = await stored_credential(database, uuid)
    except Unknown:
        return page(request, "verifier/verify/unknown.html", status=404)
    verdicts = await verify_files(database, [as_json(stored.document).encode()], settings.public_url, datetime.now(UTC))
    checked = await _checked(request, database, shelf, "", verdicts[0])
    return page(request, "verifier/verify/credential.html", one=checked, uuid=uuid)


@post("/verify", opt=PUBLIC, status_code=200)
async def check_files(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
    settings: NamedDependency[Settings],
) -> Response[str]:
    """Up to 200 files at once: JSON, VC-JWT, PNG or SVG. Nothing of them is kept."""
    sent = [value for _, value in (await request.form()).multi_items() if isinstance(value, UploadFile)]
    named = [(part.filename, await part.read()) for part in sent if part.filename]
    if not 0 < len(named) <= MOST_FILES:
        problem = "verify.no_file" if not named else "verify.too_many"
        return page(request, "verifier/verify/page.html", status=422, checked=[], problem=problem, examples=[])
    verdicts = await verify_files(database, [data for _, data in named], settings.public_url, datetime.now(UTC))
    checked = [await _checked(request, database, shelf, name, verdict) for (name, _), verdict in zip(named, verdicts)]
    if len(checked) == 1:
        return page(request, "verifier/verify/credential.html", one=checked[0], uuid=None)
    return page(request, "verifier/verify/page.html", checked=checked, problem="", examples=[])


async def _checked(
    request: Request[Any, Any, Any], database: Database, shelf: Shelf, name: str, verdict: Verdict
) -> Checked:
    """A verdict with what stands behind it; only a proved document is told."""
    found = told(verdict) if verdict.status in ("valid", "revoked", "expired", "cannot_be_checked") else None
    behind = await behind_credential(database, shelf, found.uuid) if found is not None and found.uuid else None
    return Checked(
        name=name, status=verdict.status, sentence=say(verdict.first_line, language(request)), detail=verdict.detail,
        told=found, behind=behind,
    )  # fmt: skip
