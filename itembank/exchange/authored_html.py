"""Texts as authors type them, plain or HTML, turned into the sanitised XHTML of an item's body and back."""

import html
import re
from collections import Counter

from itembank.exchange.html import sanitise

INTERACTION = '<span data-interaction="{}"></span>'
MARKUP = re.compile(r"<[A-Za-z/!]|&(#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
TAG = re.compile(r"<[A-Za-z][^>]*>")
ANY_TAG = re.compile(r"<[^>]*>")
NAME = re.compile(r"(?<=<)[A-Za-z][\w-]*|(?<=\s)[A-Za-z][\w-]*(?==)")


def block(text: str) -> tuple[str, tuple[str, ...]]:
    """A stem or stimulus: plain text becomes paragraphs, HTML is sanitised; with what sanitising took away."""
    return sanitised(text) if _is_marked_up(text) else (paragraphs(text), ())


def is_bare(text: str) -> bool:
    """Whether a text is one line without a mark that HTML knows, as most stems and options are: its own markup."""
    return text.isprintable() and not ("<" in text or ">" in text or "&" in text)


def paragraphs(text: str) -> str:
    """Plain text as paragraphs, whatever marks it holds; in the form that sanitising leaves alone."""
    if is_bare(text):
        return f"<p>{text.strip()}</p>" if text.strip() else ""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]
    return sanitise("".join(f"<p>{_lines(part)}</p>" for part in parts))


def inline(text: str) -> tuple[str, tuple[str, ...]]:
    """An option: plain text is escaped, HTML is sanitised; with what sanitising took away."""
    if is_bare(text):
        return text.strip(), ()
    return sanitised(text) if _is_marked_up(text) else (sanitise(_lines(text)), ())


def _is_marked_up(text: str) -> bool:
    return ("<" in text or "&" in text) and MARKUP.search(text) is not None


def _lines(text: str) -> str:
    return "<br>".join(html.escape(line.strip(), quote=False) for line in text.strip().splitlines())


def sanitised(text: str) -> tuple[str, tuple[str, ...]]:
    """HTML through the allow-list, and the names of the tags and attributes that it took out."""
    clean = sanitise(text)
    lost = sorted(_names(text) - _names(clean))
    return clean, (f"taken out of the HTML: {', '.join(lost)}",) if lost else ()


def _names(markup: str) -> Counter[str]:
    return Counter(name.lower() for tag in TAG.findall(markup) for name in NAME.findall(tag))


def place(body: str, response: str) -> str:
    """The body with the interaction behind it, unless the author has placed it inside."""
    placeholder = INTERACTION.format(response)
    return body if f'data-interaction="{response}"' in body else body + placeholder


def without_last(body: str, response: str) -> str:
    """The body without an interaction that stands right at its end: the inverse of `place`."""
    return body.removesuffix(INTERACTION.format(response))


def plain_text(body: str) -> str:
    """The words of a body, for comparing."""
    return " ".join(_words(body))


def word_count(*bodies: str) -> int:
    """How many words a reader meets."""
    return len(_words(" ".join(bodies)))


def _words(body: str) -> list[str]:
    if "<" in body or "&" in body:
        body = html.unescape(ANY_TAG.sub(" ", body))
    return body.split()
