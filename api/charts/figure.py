"""What every chart is: a picture that says what it shows, and the numbers behind it."""

from dataclasses import dataclass, field
from itertools import count

from markupsafe import Markup

_NUMBERS = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`svg` is drawn; `columns` and `rows` hold the same for a table beside it (macro `chart` in layout/parts.html)."""

    title: str
    description: str
    svg: Markup
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=())


def picture(
    title: str, description: str, width: float, height: float, parts: list[Markup], *, stretch: bool = False
) -> Markup:
    """An SVG with role, title and description; colours come from the style sheet, so they follow light and dark."""
    number = next(_NUMBERS)
    ratio = Markup(' preserveAspectRatio="none"') if stretch else Markup()
    return Markup(
        '<svg viewBox="0 0 {w} {h}"{ratio} role="img" aria-labelledby="t{n} d{n}" xmlns="http://www.w3.org/2000/svg">'
        '<title id="t{n}">{title}</title><desc id="d{n}">{description}</desc>{parts}</svg>'
    ).format(
        w=_short(width), h=_short(height), ratio=ratio, n=number, title=title, description=description,
        parts=Markup().join(parts),
    )  # fmt: skip


def shape(name: str, css: str, text: str = "", **attributes: float | str) -> Markup:
    """One element; `_` in a name becomes `-`. Numbers are written with two decimals at most."""
    written = Markup(" ").join(
        Markup('{}="{}"').format(key.rstrip("_").replace("_", "-"), value if isinstance(value, str) else _short(value))
        for key, value in attributes.items()
    )
    return Markup('<{name} class="{css}" {written}>{text}</{name}>').format(
        name=name, css=css, written=written, text=text
    )


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
