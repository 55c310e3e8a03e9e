"""What an item refers to: pictures, sounds and shared texts of its package, resolved and kept once per content."""

import hashlib
import posixpath
from collections.abc import Mapping
from urllib.parse import quote, unquote

from itembank.errors import FileRefused
from itembank.exchange.html import clean_svg, is_local
from itembank.exchange.qti.names import local_name, parse
from itembank.items import Asset

MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "svg": "image/svg+xml",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "webm": "video/webm",
    "ogv": "video/ogg",
    "vtt": "text/vtt",
    "pdf": "application/pdf",
}


def media_type(name: str) -> str:
    """The media type by the ending of the name; "" for what is never shown."""
    return MEDIA_TYPES.get(name.rsplit(".", 1)[-1].lower(), "")


def resolved(reference: str, place: str) -> str | None:
    """The path inside the package that a reference in the file `place` means; None when it leads outside."""
    path = unquote(reference.strip().split("#")[0].split("?")[0])
    if "://" in reference or reference.startswith(("//", "data:", "/")) or not path:
        return None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(place), path))
    return joined if is_local(quote(joined)) else None


class AssetStore:
    """The assets met while one item is read. `contents` maps SHA-256 to bytes."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.assets: dict[str, Asset] = {}
        self.contents: dict[str, bytes] = {}
        self.notes: list[str] = []

    def refer(self, reference: str, place: str) -> str:
        """Note the file as an asset; the address to write in the body, "" when it cannot be kept."""
        path = resolved(reference, place)
        if path is None:
            self.notes.append(f"'{reference[:80]}' lies outside the package and is left out.")
            return ""
        kind, data = media_type(path), self.files.get(path)
        if not kind:
            self.notes.append(f"'{path}' is of a kind that is not shown to learners and is left out.")
            return ""
        if data is None:
            self.notes.append(f"'{path}' is not in the package; the item shows a gap there.")
            return quote(path)
        return self._keep(path, kind, data)

    def _keep(self, path: str, kind: str, data: bytes) -> str:
        if kind == "image/svg+xml":
            try:
                root = parse(data, path)
            except FileRefused as failure:
                self.notes.append(f"The picture is left out: {failure}")
                return ""
            if local_name(root) != "svg":
                self.notes.append(f"'{path}' is no SVG picture and is left out.")
                return ""
            data = clean_svg(root)
        elif kind != "text/vtt" and data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            self.notes.append(f"'{path}' holds markup instead of what its name says and is left out.")
            return ""
        return self.add(path, kind, data)

    def add(self, path: str, kind: str, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        name = quote(path)
        self.assets[name] = Asset(name=name, media_type=kind, sha256=digest, size=len(data))
        self.contents[digest] = data
        return name

    def add_drawing(self, data: bytes) -> str:
        """A picture that stood inside the text, kept as a file named by its content."""
        return self.add(f"drawings/{hashlib.sha256(data).hexdigest()[:16]}.svg", "image/svg+xml", data)
