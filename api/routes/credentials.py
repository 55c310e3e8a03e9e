"""Credentials: handed out in four forms to whoever holds the link, and checked for anybody."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from api.auth import PUBLIC
from api.settings import Settings
from engine.credentials.baking import bake, default_png, default_svg
from engine.credentials.issue import as_json
from engine.credentials.verify import Verdict
from engine.errors import EngineError, Unknown
from engine.messages import say
from engine.storage import credentials
from engine.storage.credentials import StoredCredential
from engine.workflows.issue_credential import issue_credential, published_keys, published_status
from engine.workflows.shelf import Shelf
from engine.workflows.take_session import own_attempt
from engine.workflows.verify_credentials import verify_files
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

MOST_FILES = 200
NO_STORE = {"Cache-Control": "no-store"}


class VerdictView(msgspec.Struct, frozen=True, kw_only=True):
    """What the check found: valid, revoked, expired or cannot_be_checked, with the sentence that says so first."""

    status: str
    sentence: str
    detail: str
    form: str
    issuer: str
    title: str
    recipient: str
    issued: str
    credential: dict[str, Any]


class CredentialView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a credential can be had."""

    uuid: UUID
    issued_at: datetime
    links: dict[str, str]


def verdict_view(verdict: Verdict) -> VerdictView:
    """A verdict for reading."""
    return VerdictView(
        status=verdict.status, sentence=say(verdict.first_line), detail=verdict.detail, form=verdict.form,
        issuer=verdict.issuer, title=verdict.title, recipient=verdict.recipient, issued=verdict.issued,
        credential=verdict.credential,
    )  # fmt: skip


async def stored_credential(database: Database, uuid: UUID) -> StoredCredential:
    """A credential by the uuid in its link.

    Raises:
        Unknown: when there is none.
    """
    institution_id = await credentials.institution_of(database, uuid)
    if institution_id is None:
        raise Unknown("There is no credential at this address; check the link.")
    async with database.transaction(institution_id) as connection:
        found = await credentials.get(connection, uuid)
    assert found is not None
    return found


class VerificationRoutes(Controller):
    """Checking credentials: no account, no cookie."""

    path = "/verify"
    tags = ["verification"]
    opt = PUBLIC
    security = [{}]

    @get("/{uuid:uuid}", summary="Check a credential of this server")
    async def check(
        self, uuid: FromPath[UUID], database: NamedDependency[Database], settings: NamedDependency[Settings]
    ) -> VerdictView:
        """The verdict as it stands this moment, from the signed document itself."""
        stored = await stored_credential(database, uuid)
        data = as_json(stored.document).encode()
        return verdict_view((await verify_files(database, [data], settings.public_url, datetime.now(UTC)))[0])

    @post("/", summary="Check credential files", status_code=200, opt={"upload": True})
    async def check_files(
        self,
        data: Annotated[list[UploadFile], Body(media_type=RequestEncodingType.MULTI_PART)],
        database: NamedDependency[Database],
        settings: NamedDependency[Settings],
    ) -> list[VerdictView]:
        """Up to 200 files at once: JSON, VC-JWT, PNG or SVG."""
        if len(data) > MOST_FILES:
            raise EngineError(f"{len(data)} files were sent; at most {MOST_FILES} are checked at once.")
        files = [await part.read() for part in data]
        verdicts = await verify_files(database, files, settings.public_url, datetime.now(UTC))
        return [verdict_view(verdict) for verdict in verdicts]


class CredentialRoutes(Controller):
    """The credential that an attempt earned."""

    path = "/attempts/{uuid:uuid}/credential"
    tags = ["learner"]

    @get(summary="Have the credential")
    async def have(
        self,
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
        settings: NamedDependency[Settings],
    ) -> CredentialView:
        """Its links; it is signed at the first call after the credit, and the same one is given ever after."""
        async with database.transaction(caller.institution_id) as connection:
            await own_attempt(connection, uuid, caller.account_id)
        issued = await issue_credential(database, shelf, caller.institution_id, uuid, settings.public_url)
        return CredentialView(
            uuid=issued.uuid, issued_at=issued.issued_at, links=links_of(issued.uuid, settings.public_url)
        )


def links_of(uuid: UUID, public_url: str) -> dict[str, str]:
    """Where a credential can be had, in which form, and checked."""
    forms = {form: f"{public_url}/credentials/{uuid}/badge.{form}" for form in ("json", "jwt", "png", "svg")}
    return forms | {"verify": f"{public_url}/verify/{uuid}"}


@get("/credentials/{uuid:uuid}/badge.json", opt=PUBLIC, include_in_schema=False)
async def badge_json(uuid: FromPath[UUID], database: NamedDependency[Database]) -> Response[bytes]:
    """The JSON-LD document with its embedded proof."""
    stored = await stored_credential(database, uuid)
    return Response(as_json(stored.document).encode(), media_type="application/vc+ld+json", headers=NO_STORE)


@get("/credentials/{uuid:uuid}/badge.jwt", opt=PUBLIC, include_in_schema=False)
async def badge_jwt(uuid: FromPath[UUID], database: NamedDependency[Database]) -> Response[str]:
    """The VC-JWT."""
    return Response((await stored_credential(database, uuid)).jwt, media_type="text/plain", headers=NO_STORE)


@get("/credentials/{uuid:uuid}/badge.png", opt=PUBLIC, include_in_schema=False)
async def badge_png(uuid: FromPath[UUID], database: NamedDependency[Database]) -> Response[bytes]:
    """The picture with the document baked in."""
    stored = await stored_credential(database, uuid)
    baked = await asyncio.to_thread(lambda: bake(default_png(), as_json(stored.document)))
    return Response(baked, media_type="image/png", headers=NO_STORE)


@get("/credentials/{uuid:uuid}/badge.svg", opt=PUBLIC, include_in_schema=False)
async def badge_svg(uuid: FromPath[UUID], database: NamedDependency[Database]) -> Response[bytes]:
    """The drawing with the document baked in."""
    stored = await stored_credential(database, uuid)
    subject = stored.document["credentialSubject"]
    picture = default_svg(subject["achievement"]["name"], str(subject.get("creditsEarned", "")))
    return Response(bake(picture, as_json(stored.document)), media_type="image/svg+xml", headers=NO_STORE)


@get("/issuers/{key:str}/did.json", opt=PUBLIC, include_in_schema=False)
async def did(
    key: FromPath[str], database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Response[dict[str, object]]:
    """The did:web document: every key the issuer ever signed with."""
    document = await published_keys(database, key, settings.public_url)
    return Response(document, media_type="application/did+json", headers={"Cache-Control": "public, max-age=300"})


@get("/issuers/{key:str}/status/1", opt=PUBLIC, include_in_schema=False)
async def status_list(
    request: Request[Any, Any, Any],
    key: FromPath[str],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The status list: JSON-LD for those who ask for JSON, else a VC-JWT."""
    as_jwt = "json" not in request.headers.get("accept", "")
    body = await published_status(database, key, settings.public_url, as_jwt=as_jwt)
    kind = "application/vc+jwt" if as_jwt else "application/vc+ld+json"
    return Response(body, media_type=kind, headers={"Cache-Control": "no-cache", "Vary": "Accept"})


publication_routes = Router("/", route_handlers=[badge_json, badge_jwt, badge_png, badge_svg, did, status_list])
