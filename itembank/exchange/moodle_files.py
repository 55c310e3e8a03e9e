"""Texts of Moodle XML and the pictures that travel inside them as base64."""

import base64
import binascii
import hashlib
import html
from urllib.parse import unquote

import msgspec
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


SHOWN = ("questiontext", "answer", "subquestion", "subquestion/answer", "selectoption", "dragbox")
"""The parts of a question that a learner sees, each with its own files."""


class Files:
    """Pictures met so far: bytes by SHA-256, so that the same picture is kept once."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def resolve(self, question: "etree._Element") -> tuple[tuple[Asset, ...], tuple[str, ...]]:
        """The pictures that a question shows and what could not be kept; its texts name them afterwards.

        Moodle keeps files apart for each option, so two of one name may differ: the second gets a name of its own.
        """
        assets: dict[str, Asset] = {}
        lost: list[str] = []
        for holder in (part for path in SHOWN for part in question.iterfind(path)):
            for file in holder.iterfind("file"):
                asset = self._asset(file)
                if asset is None:
                    name = file.get("name", "")[:60]
                    lost.append(f"the file '{name}' is no PNG, JPEG, GIF or WebP picture and was left out")
                else:
                    own = _own_name(asset, assets)
                    assets[own] = msgspec.structs.replace(asset, name=own)
                    _rename(holder, asset.name, own)
        return tuple(assets.values()), tuple(lost)

    def _asset(self, file: "etree._Element") -> Asset | None:
        name = file.get("name", "")
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


def _own_name(asset: Asset, taken: dict[str, Asset]) -> str:
    """The asset's name, or that name with a number where another picture of the item has it."""
    stem, dot, ending = asset.name.rpartition(".")
    names = (asset.name if n == 1 else f"{stem}-{n}{dot}{ending}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken or taken[name].sha256 == asset.sha256)


def _rename(holder: "etree._Element", name: str, own: str) -> None:
    """Moodle's placeholder and the file's name replaced by the asset's name, however the name is escaped."""
    text = holder.find("text")
    if text is None or not text.text:
        return
    first, *rest = text.text.split(PLACE)
    whole = [first]
    for part in rest:
        end = min((part.find(mark) for mark in "\"'" if mark in part), default=len(part))
        local = unquote(html.unescape(part[:end])).lstrip("/")
        whole.append((own if local == name else PLACE + part[:end]) + part[end:])
    text.text = "".join(whole)
