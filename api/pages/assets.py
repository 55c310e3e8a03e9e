"""Style sheet, script and icon, served from memory under names that carry their hash, so that browsers keep them."""

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from api.auth import PUBLIC

FOLDER = Path(__file__).with_name("static")
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"


class Asset(NamedTuple):
    """A file as it is sent."""

    data: bytes
    media_type: str
    cache: str


@cache
def _assets() -> dict[str, Asset]:
    kept = {}
    for path in FOLDER.iterdir():
        if path.suffix in MEDIA_TYPES:
            data = path.read_bytes()
            kept[_hashed(path.name, data)] = Asset(data, MEDIA_TYPES[path.suffix], FOREVER)
            kept[path.name] = Asset(data, MEDIA_TYPES[path.suffix], A_DAY)
    return kept


def _hashed(name: str, data: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"


@cache
def asset(name: str) -> str:
    """The address of a static file, with the hash of what is in it."""
    return f"/static/{_hashed(name, (FOLDER / name).read_bytes())}"


@get("/static/{name:str}", opt=PUBLIC, include_in_schema=False, sync_to_thread=False)
def static_file(name: FromPath[str]) -> Response[bytes]:
    """One static file."""
    found = _assets().get(name)
    if found is None:
        raise NotFoundException
    headers = {"Cache-Control": found.cache, "X-Content-Type-Options": "nosniff"}
    return Response(found.data, media_type=found.media_type, headers=headers)
