"""A browser without a browser: signs in, reads forms, sends them with their token."""

import re
from typing import Any
from urllib.parse import urlencode

from litestar import Litestar
from litestar.testing import AsyncTestClient

Client = AsyncTestClient[Litestar]
HTML = {"Accept": "text/html"}


async def sign_in(client: Client, role: str) -> None:
    """Be one of the demonstration's accounts."""
    client.cookies.clear()
    await client.post("/demo/sign-in", data={"role": role}, headers=HTML, follow_redirects=False)


async def see(client: Client, address: str, status: int = 200) -> str:
    """The page at an address, which must have this status."""
    answer = await client.get(address, headers=HTML)
    assert answer.status_code == status, (address, answer.status_code, answer.text[:2000])
    return answer.text


async def send(
    client: Client, page: str, address: str, fields: dict[str, Any], *, files: Any = None, status: int = 303
) -> Any:
    """A form sent with the token that stands in a page."""
    token = re.search(r'name="csrf" value="([^"]*)"', page)
    assert token is not None, "the page holds no form"
    data = {"csrf": token.group(1), **fields}
    if files is None:
        answer = await client.post(
            address, content=urlencode(data, doseq=True), follow_redirects=False,
            headers={**HTML, "Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
    else:
        answer = await client.post(address, data=data, files=files, headers=HTML, follow_redirects=False)
    assert answer.status_code == status, (address, answer.status_code, answer.text[:2000])
    return answer


def words_of(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"<(style|script).*?</\1>", " ", page, flags=re.DOTALL)))
