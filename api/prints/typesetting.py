"""A sheet and its values in, a PDF out: archivable (PDF/A-2a), readable aloud (PDF/UA-1), the same bytes every time."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response

from engine.messages import Language

HERE = Path(__file__).parent
AT_ONCE = asyncio.Semaphore(2)


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on paper. `template`: a file of this folder; `values`: all its words, already in `language`.

    `dated`: the moment the sheet speaks of. It is the PDF's own date too, so that the same sheet is the same bytes
    whenever it is printed.
    """

    template: str
    language: Language
    title: str
    author: str
    dated: datetime
    values: dict[str, Any]


def typeset(sheet: Sheet) -> bytes:
    """The PDF. The values reach typst as data, never as markup, so nothing in a name or a title is carried out."""
    import typst

    inputs = {
        "sheet": msgspec.json.encode(
            {
                **sheet.values, "title": sheet.title, "author": sheet.author, "language": sheet.language,
                "date": [sheet.dated.year, sheet.dated.month, sheet.dated.day],
            }
        ).decode()
    }  # fmt: skip
    compiler = typst.Compiler(str(HERE / sheet.template), root=str(HERE), ignore_system_fonts=True, sys_inputs=inputs)
    made = compiler.compile(format="pdf", pdf_standards=["a-2a", "ua-1"], timestamp=int(sheet.dated.timestamp()))
    assert isinstance(made, bytes)
    return made


async def as_pdf(sheet: Sheet, name: str) -> Response[bytes]:
    """The PDF as a file of that name; the typesetting runs beside the loop, two at once."""
    async with AT_ONCE:
        made = await asyncio.to_thread(typeset, sheet)
    return Response(
        made,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="assay-{name}.pdf"', "Cache-Control": "no-store"},
    )
