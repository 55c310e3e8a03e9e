"""Counts by row and column, the darker the more; cells that stand for too few people are hidden and say so."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from api.charts.figure import Figure, picture, shape

WIDTH, LABELS, HEAD, ROW = 720.0, 200.0, 34.0, 42.0
DARKEST = 0.42
LETTERS, LETTER = 28, 6.6
"""Most letters of a row's name; usual width of a letter of a column's."""


def heat_chart(
    title: str,
    description: str,
    row_names: Sequence[str],
    column_names: Sequence[str],
    counts: Sequence[Sequence[int | None]],
    *,
    corner: str,
    hidden: str,
    missing: Sequence[Sequence[int]] | None = None,
    lacking: Callable[[int], str] = str,
) -> Figure:
    """A table as a picture.

    A count of None is hidden, told by the word `hidden`. `missing`: how many each cell lacks; where it is not 0 the
    cell is outlined and says so in the words of `lacking`.
    """
    lacks = missing or [[0] * len(row) for row in counts]
    most = max((count for row in counts for count in row if count is not None), default=0) or 1
    width = (WIDTH - LABELS) / max(len(column_names), 1)
    parts: list[Markup] = []
    fitting = int(width / LETTER)
    for place, name in enumerate(column_names):
        at = LABELS + (place + 0.5) * width
        head = _short(name, fitting)
        parts.append(shape("text", "faint", head, x=at, y=HEAD - 12, font_size=12, text_anchor="middle"))
    for line, (name, row) in enumerate(zip(row_names, counts)):
        top = HEAD + line * ROW
        parts.append(shape("text", "", _short(name, LETTERS), x=0, y=top + ROW / 2 + 5, font_size=14))
        for place, count in enumerate(row):
            n = lacks[line][place]
            parts += _cell(LABELS + place * width, top, width, count, most, hidden, lacking(n) if n else "")
    rows = tuple(
        (name, *(_told(count, hidden, lacking(n) if n else "") for count, n in zip(row, short)))
        for name, row, short in zip(row_names, counts, lacks)
    )
    height = HEAD + len(row_names) * ROW
    return Figure(
        title=title, description=description, svg=picture(title, description, WIDTH, height, parts),
        columns=(corner, *column_names), rows=rows,
    )  # fmt: skip


def _cell(left: float, top: float, width: float, count: int | None, most: int, hidden: str, lacks: str) -> list[Markup]:
    def box(css: str, opacity: float = 1.0) -> Markup:
        return shape("rect", css, x=left + 2, y=top + 2, width=width - 4, height=ROW - 4, rx=4, fill_opacity=opacity)

    def word(css: str, text: str, size: int, down: float = 5) -> Markup:
        at = top + ROW / 2 + down
        return shape("text", css, text, x=left + width / 2, y=at, font_size=size, text_anchor="middle")

    if count is None:
        return [box("hidden-cell"), word("faint", hidden, 12)]
    parts = [box("grid"), box("fill", DARKEST * count / most)]
    if lacks:
        return [*parts, box("lacking"), word("", str(count), 14, -2), word("", lacks, 11, 12)]
    return [*parts, word("", str(count), 14)]


def _told(count: int | None, hidden: str, lacks: str) -> str:
    return hidden if count is None else f"{count} ({lacks})" if lacks else str(count)


def _short(name: str, letters: int) -> str:
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"
