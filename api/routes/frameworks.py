"""The CASE 1.1 provider: frameworks behind published assessments, for anybody, under /ims/case/v1p1."""

import asyncio
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from api.auth import PUBLIC
from api.settings import Settings
from itembank.competencies import Framework
from itembank.exchange.frameworks.case_out import case_package
from itembank.exchange.frameworks.provider import DEFINED, Provider, SelectionInvalid
from itembank.storage.database import Database
from itembank.storage.frameworks import PublishedFramework, published

PATH = "/ims/case/v1p1"
CACHED = {"Cache-Control": "public, max-age=60"}


@lru_cache(maxsize=256)
def _package(uuid: UUID, content_hash: str, document: str, changed: datetime, base: str) -> dict[str, Any]:
    """The strict package of a framework; one that names no URI of its own is named under this server."""
    framework = msgspec.json.decode(document, type=Framework)
    return case_package(framework, base_uri=f"{base}/frameworks/{uuid}", changed=changed)[0]


@lru_cache(maxsize=4)
def _provider(frameworks: tuple[PublishedFramework, ...], base: str) -> Provider:
    packages = [_package(f.uuid, f.content_hash, f.document, f.changed_at, base) for f in frameworks]
    return Provider(packages, base)


async def provide_provider(database: NamedDependency[Database], settings: NamedDependency[Settings]) -> Provider:
    """What is published now."""
    frameworks = tuple(await published(database))
    return await asyncio.to_thread(_provider, frameworks, settings.public_url.rstrip("/") + PATH)


def _told(found: dict[str, Any] | None) -> Response[dict[str, Any]]:
    if found is None:
        return status_info(404, "Nothing published here has this identifier.", "sourcedId", "unknownobject")
    return Response(found, headers=CACHED)


def status_info(status: int, sentence: str, field: str, minor: str) -> Response[dict[str, Any]]:
    """What a CASE provider says when it cannot answer."""
    fields = [{"imsx_codeMinorFieldName": field, "imsx_codeMinorFieldValue": minor}]
    body = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": sentence,
        "imsx_codeMinor": {"imsx_codeMinorField": fields},
    }
    return Response(body, status_code=status)


class CaseRoutes(Controller):
    """Competency frameworks in CASE 1.1."""

    path = PATH
    tags = ["frameworks"]
    opt = PUBLIC
    security = [{}]
    dependencies = {"provider": Provide(provide_provider)}

    @get("/CFDocuments", summary="List published frameworks")
    async def documents(
        self,
        provider: NamedDependency[Provider],
        settings: NamedDependency[Settings],
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
        offset: Annotated[int, QueryParameter(ge=0, le=1_000_000)] = 0,
        sort: FromQuery[str] = "",
        order_by: Annotated[str, QueryParameter(name="orderBy")] = "asc",
        filter: FromQuery[str] = "",
        fields: FromQuery[str] = "",
    ) -> Response[dict[str, Any]]:
        """CFDocuments by pages; X-Total-Count tells how many there are, Link where the other pages begin."""
        try:
            page, total = provider.documents(
                limit=limit, offset=offset, sort=sort, order_by=order_by, filter=filter, fields=fields
            )
        except SelectionInvalid as error:
            return status_info(400, str(error), error.field, error.minor)
        said = {"sort": sort, "orderBy": order_by if sort else "", "fields": fields}
        links = _links(settings.public_url.rstrip("/") + PATH, total, limit, offset, said)
        return Response({"CFDocuments": page}, headers=CACHED | {"X-Total-Count": str(total), "Link": links})

    @get("/CFDocuments/{identifier:str}", summary="Read a framework's document")
    async def document(
        self, identifier: FromPath[str], provider: NamedDependency[Provider]
    ) -> Response[dict[str, Any]]:
        return _told(provider.document(identifier))

    @get("/CFPackages/{identifier:str}", summary="Read a whole framework")
    async def package(self, identifier: FromPath[str], provider: NamedDependency[Provider]) -> Response[dict[str, Any]]:
        return _told(provider.package(identifier))

    @get("/CFItems/{identifier:str}", summary="Read a competency")
    async def item(self, identifier: FromPath[str], provider: NamedDependency[Provider]) -> Response[dict[str, Any]]:
        return _told(provider.item(identifier))

    @get("/CFItemAssociations/{identifier:str}", summary="Read a competency with what it is associated with")
    async def item_associations(
        self, identifier: FromPath[str], provider: NamedDependency[Provider]
    ) -> Response[dict[str, Any]]:
        return _told(provider.item_associations(identifier))

    @get("/CFAssociations/{identifier:str}", summary="Read an association")
    async def association(
        self, identifier: FromPath[str], provider: NamedDependency[Provider]
    ) -> Response[dict[str, Any]]:
        return _told(provider.association(identifier))

    @get([f"/{kind}/{{identifier:str}}" for kind in DEFINED], summary="Read a definition or a rubric")
    async def definition(
        self, request: Request[Any, Any, Any], identifier: FromPath[str], provider: NamedDependency[Provider]
    ) -> Response[dict[str, Any]]:
        """Concepts, subjects and item types come as a set, the one asked for first; the others stand alone."""
        kind = request.url.path.rstrip("/").rsplit("/", 2)[1]
        return _told(provider.definition(kind, identifier))


def _links(base: str, total: int, limit: int, offset: int, said: dict[str, str]) -> str:
    """RFC 8288 links to the first, the previous, the next and the last page."""
    last = max(total - 1, 0) // limit * limit
    places = {"first": 0, "prev": max(offset - limit, 0), "next": offset + limit, "last": last}
    if not offset:
        del places["prev"]
    if offset + limit >= total:
        del places["next"]
    kept = {name: value for name, value in said.items() if value}
    return ", ".join(
        f'<{base}/CFDocuments?{urlencode({"limit": limit, "offset": place} | kept)}>; rel="{relation}"'
        for relation, place in places.items()
    )
