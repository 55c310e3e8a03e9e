"""Forms from browsers: read once, refused when they come from another site, without the token, or unreadable."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException

from api.auth import SAFE_METHODS, Forbidden, check_csrf, identify
from api.settings import Settings

CSRF_FIELD = "csrf"


class Form:
    """What a form sent: texts by name, in their order, and files."""

    def __init__(self, texts: dict[str, list[str]], files: dict[str, UploadFile]) -> None:
        self.texts = texts
        self.files = files

    def one(self, name: str, default: str = "") -> str:
        """The text of a field, stripped; the default when the field is not there."""
        return self.texts.get(name, [default])[0].strip()

    def every(self, name: str) -> list[str]:
        """All texts of a field."""
        return self.texts.get(name, [])


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """The form of a request.

    Raises:
        ClientException: when it cannot be read, or holds a NUL character.
    """
    try:
        sent = await request.form()
    except (UnicodeDecodeError, ValueError) as error:
        raise ClientException("The form cannot be read; open the page again and send it once more.") from error
    texts: dict[str, list[str]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in sent.multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        else:
            texts.setdefault(name, []).append(_text(value))
    return Form(texts, files)


def _text(value: Any) -> str:
    text = str(value)
    if "\x00" in text or any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        raise ClientException("The form holds a character that no text can keep; remove it and send it once more.")
    return text


async def provide_form(request: Request[Any, Any, Any]) -> Form:
    """`form: NamedDependency[Form]` for handlers."""
    return await read_form(request)


async def guard_page(request: Request[Any, Any, Any]) -> None:
    """Runs before every page: knows who asks, and refuses changes that no page of ours sent.

    Raises:
        Forbidden: for a form from another site or without its token.
    """
    caller = await identify(request)
    if request.method in SAFE_METHODS:
        return
    check_origin(request)
    if caller is not None and caller.csrf_token is not None:
        token = request.headers.get("x-csrf-token") or (await read_form(request)).one(CSRF_FIELD)
        check_csrf(caller, token)


def check_origin(request: Request[Any, Any, Any]) -> None:
    """Refuse a form that says it comes from another site; nobody is signed in by somebody else's page.

    Raises:
        Forbidden.
    """
    settings: Settings = request.app.state.settings
    origin = request.headers.get("origin")
    own = {request.headers.get("host", ""), urlsplit(settings.public_url).netloc}
    if origin is not None and urlsplit(origin).netloc not in own:
        raise Forbidden("This form came from another site; open the page here and send it once more.")
