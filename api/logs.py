"""The log: one JSON object a line, whoever speaks, and no personal data in it.

What libraries say through `warnings` and `logging` comes out in the same form. Their sentences, and those of
exceptions, may repeat values they were given (a database repeats the row it refuses): only the first line is kept, and
in it nothing that stands in quotes or brackets or looks like an address or a number of a person.
"""

import contextlib
import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, MutableMapping
from contextvars import ContextVar
from typing import Any, TextIO


@contextlib.contextmanager
def _as_if_missing(name: str) -> Iterator[None]:
    """An optional library that another would load on sight, kept out while that one is imported."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


with _as_if_missing("rich"):  # structlog's coloured output; loading it takes a twentieth of the server's start
    import structlog

Event = MutableMapping[str, Any]
LONGEST = 200
_REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
_VALUES = re.compile(r"""(?<!\w)'[^']*'?|"[^"]*"?|\([^)]*\)?|\[[^\]]*\]?|\{[^}]*\}?|<[^>]*>?|\S+@\S+|\S*\d{5,}\S*""")


def without_values(text: str) -> str:
    """The first line of a sentence, without what it quotes."""
    return _VALUES.sub("…", text.strip().split("\n", 1)[0])[:LONGEST]


def described(error: BaseException) -> dict[str, Any]:
    """An exception for the log: what it is, its sentence without values, where it came from; then its cause."""
    found: dict[str, Any] = {"type": type(error).__qualname__, "sentence": without_values(str(error))}
    for name in ("sqlstate", "constraint_name"):
        if isinstance(value := getattr(error, name, None), str):
            found[name] = value
    found["at"] = [
        f"{place.filename}:{place.lineno} {place.name}" for place in traceback.extract_tb(error.__traceback__)
    ]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        found["after"] = described(cause)
    return found


def _name(_: object, __: str, event: Event) -> Event:
    request_id = _REQUEST_ID.get()
    if request_id:
        event["request_id"] = request_id
    return event


def _describe(_: object, __: str, event: Event) -> Event:
    given = event.pop("exc_info", None)
    error = sys.exception() if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = described(error)
    return event


structlog.configure(
    processors=[
        _name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _describe,
        structlog.processors.JSONRenderer(),
    ]
)
log = structlog.get_logger()


def name_request(request_id: str) -> None:
    """What is logged from here on belongs to this request."""
    _REQUEST_ID.set(request_id)


class _Retold(logging.Handler):
    """Records of `logging` as events. The arguments are left out: they are where the values are."""

    def emit(self, record: logging.LogRecord) -> None:
        told = log.error if record.levelno >= logging.ERROR else log.warning
        told("a library speaks", logger=record.name, sentence=without_values(str(record.msg)), exc_info=record.exc_info)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log.warning(
        "a library warns", kind=category.__name__, sentence=without_values(str(message)), at=f"{filename}:{lineno}"
    )


def _unraisable(found: "sys.UnraisableHookArgs") -> None:
    log.error("an error that nobody could catch", exc_info=found.exc_value)


def _of_thread(found: threading.ExceptHookArgs) -> None:
    log.error("a thread ended with an error", exc_info=found.exc_value)


def take_over() -> None:
    """From now on everything that this process has to say is a line of the log."""
    logging.basicConfig(handlers=[_Retold()], level=logging.WARNING, force=True)
    warnings.showwarning = _warned
    sys.unraisablehook, threading.excepthook = _unraisable, _of_thread
