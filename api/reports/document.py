"""A template with everything in it that a lone HTML file needs."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from api.pages.assets import FOLDER
from api.pages.words import number, translator
from engine.messages import Language

HERE = Path(__file__).parent


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([HERE / "templates", HERE.parent / "pages"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def document(template: str, language: Language, **values: Any) -> str:
    """The whole document. Templates find `t`, `number`, `language` and `style` besides `values`."""
    return (
        _environment()
        .get_template(template)
        .render(
            t=translator(language),
            number=lambda value, digits=2: number(language, value, digits),
            language=language,
            style=Markup((FOLDER / "assay.css").read_text("utf-8")),
            **values,
        )
    )
