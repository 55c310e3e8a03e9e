"""A credential inside a picture: PNG (one uncompressed iTXt chunk) or SVG (one element), by the library's baking."""

import struct
import zlib
from html import escape

SIDE = 256


def bake(image: bytes, credential: str) -> bytes:
    """The image with the credential in it; any credential it carried before must be gone first.

    Args:
        image: PNG or SVG bytes.
        credential: the JSON text of a credential with a proof, or a compact VC-JWT.

    Raises:
        ValueError: when the image is neither, or carries a credential already.
    """
    from openbadgeslib import baking

    is_json = credential.lstrip().startswith("{")
    if extract(image) is not None:
        raise ValueError("image carries a credential already; bake into the plain picture.")
    if image.startswith(b"\x89PNG"):
        baked: bytes = baking.bake_png(image, credential, keyword=baking.ITXT_KEYWORD_OB3)
        return baked
    into_svg: bytes = baking.bake_svg(
        image, credential, element=baking.SVG_ELEMENT_OB3, namespace=baking.SVG_NS_OB3, as_text=is_json
    )
    return into_svg


def extract(image: bytes) -> str | None:
    """The credential in a picture, None when there is none.

    Raises:
        ValueError: when the bytes are neither a PNG nor an SVG.
    """
    from openbadgeslib import baking

    found: str | None
    try:
        if image.startswith(b"\x89PNG"):
            found = baking.extract_png(image, keyword=baking.ITXT_KEYWORD_OB3)
        else:
            found = baking.extract_svg(image, element=baking.SVG_ELEMENT_OB3, text_fallback=True)
    except Exception as error:
        raise ValueError(f"image is neither a readable PNG nor a readable SVG ({error}).") from None
    return found


def default_svg(title: str, hours: str) -> bytes:
    """A plain badge with the title and the credit hours, readable without colour."""
    shown = escape(title if len(title) <= 34 else title[:33] + "…")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" role="img" '
        f'aria-label="{shown}, {escape(hours)} credit hours">'
        f'<rect x="8" y="8" width="240" height="240" rx="28" fill="#fff" stroke="#14324a" stroke-width="10"/>'
        f'<path d="M78 118l34 34 66-72" fill="none" stroke="#14324a" stroke-width="18"/>'
        f'<text x="128" y="196" text-anchor="middle" font-family="sans-serif" font-size="13">{shown}</text>'
        f'<text x="128" y="222" text-anchor="middle" font-family="sans-serif" font-size="15">{escape(hours)} h</text>'
        "</svg>"
    ).encode()


def default_png() -> bytes:
    """The same badge without words: a frame and a tick, 256 × 256, greyscale."""
    rows = b"".join(b"\0" + bytes(_shade(x, y) for x in range(SIDE)) for y in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _shade(x: int, y: int) -> int:
    frame = not (18 <= x < SIDE - 18 and 18 <= y < SIDE - 18) and (8 <= x < SIDE - 8 and 8 <= y < SIDE - 8)
    down = 78 <= x <= 112 and abs((y - 118) - (x - 78)) <= 12
    up = 112 < x <= 178 and abs((152 - y) - (x - 112) * 72 / 66) <= 13
    return 40 if frame or down or up else 255
