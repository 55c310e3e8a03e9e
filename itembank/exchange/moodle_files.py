"""Texts of Moodle XML and the pictures that travel inside them as base64."""

import base64
import binascii
import hashlib
import html
from urllib.parse import unquote

from lxml import etree

from itembank.exchange.html import is_local
from itembank.items import Asset

PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
LARGEST_PICTURE = 16 * 1024 * 1024
PLACE = "@@PLUGINFILE@@/"


def text_at(element: "etree._Element", path: str = "") -> str:
    """The text that a Moodle element keeps in its <text> child; plain text is escaped so that it stays plain."""
    holder = element.find(path) if path else element
    if holder is None:
        return ""
    text = (holder.findtext("text") or "").strip()
    return html.escape(text, quote=False) if holder.get("format") == "plain_text" and "<" in text else text


class Files:
    """Pictures met so far: bytes by SHA-256, so that the same picture is kept once."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def resolve(self, holder: "etree._Element | None") -> tuple[str, tuple[Asset, ...], tuple[str, ...]]:
        """The text with its pictures named as assets, the assets, and what could not be kept."""
        if holder is None:
            return "", (), ()
        text, assets, lost = text_at(holder), [], []
        for file in holder.iterfind("file"):
            name = file.get("name", "")
            asset = self._asset(name, file)
            if asset is None:
                lost.append(f"the file '{name[:60]}' is no PNG, JPEG, GIF or WebP picture and was left out")
                continue
            assets.append(asset)
            text = _renamed(text, name)
        return text, tuple(assets), tuple(lost)

    def _asset(self, name: str, file: "etree._Element") -> Asset | None:
        kind = PICTURES.get(name.rsplit(".", 1)[-1].lower())
        try:
            data = base64.b64decode("".join((file.text or "").split()), validate=True)
        except (binascii.Error, ValueError):
            return None
        if kind is None or not data or len(data) > LARGEST_PICTURE or not is_local(name) or not _is_picture(data):
            return None
        digest = hashlib.sha256(data).hexdigest()
        self.stored[digest] = data
        return Asset(name=name, media_type=kind, sha256=digest, size=len(data))


def _is_picture(data: bytes) -> bool:
    starts = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
    return data.startswith(starts) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _renamed(text: str, name: str) -> str:
    """Moodle's placeholder in front of a file name taken away, however the name is escaped."""
    parts = text.split(PLACE)
    whole = [parts[0]]
    for part in parts[1:]:
        end = min((part.find(mark) for mark in "\"'" if mark in part), default=len(part))
        local = unquote(html.unescape(part[:end])).lstrip("/")
        whole.append((name if local == name else PLACE + part[:end]) + part[end:])
    return "".join(whole)
