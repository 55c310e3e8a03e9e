"""Long lists in pages: which part is shown, and the addresses of the next and the one before."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """Entries `start` to `end` of `total` are shown; an address is empty where there is nothing to go to."""

    start: int
    end: int
    total: int
    before: str
    following: str

    @classmethod
    def of(cls, total: int, number: int, size: int, address: str, asked: dict[str, str]) -> "Paging":
        """The page of that number (1 = the first), or the last one there is."""
        last = max((total - 1) // size + 1, 1)
        number = min(number, last)
        kept = {name: value for name, value in asked.items() if value}

        def at(place: int) -> str:
            return f"{address}?{urlencode(kept | {'page': str(place)})}"

        return cls(
            start=(number - 1) * size, end=min(number * size, total), total=total,
            before=at(number - 1) if number > 1 else "", following=at(number + 1) if number < last else "",
        )  # fmt: skip


def asked_page(request: Request[Any, Any, Any]) -> int:
    """The number of the page that was asked for; the first when it is no number."""
    text = request.query_params.get("page", "1")
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 7 else 1
