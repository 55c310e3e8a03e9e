"""One form that is out: its sheet to print, the right marks for staff, and the marks that came back."""

import base64
import hashlib
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from api.auth import roles
from api.marks import answered_parts, printed_keys, read_marks, right_marks
from api.pages.forms import Form
from api.pages.items.sheet import STYLE, sheet_of
from api.pages.looks import language
from api.pages.names import occasion_name
from api.pages.render import SECURITY_HEADERS, page, page_headers, see_other
from api.pages.words import translator
from api.routes.papers import KEEPERS
from engine.workflows.key_in_form import FormOut, find_form, key_in_form
from engine.workflows.shelf import Shelf
from itembank.errors import AnswerInvalid
from itembank.items import Item
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

MARK = "mark"


async def form_out(
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> FormOut:
    """The form that the address names."""
    return await find_form(database, shelf, caller.institution_id, uuid)


OUT = {"out": Provide(form_out)}


@get("/papers/{uuid:uuid}", opt=roles(*KEEPERS), dependencies=OUT)
async def see_marks(request: Request[Any, Any, Any], out: NamedDependency[FormOut]) -> Response[str]:
    """A field for every question."""
    return _asked(request, out, {}, [""] * len(out.items))


@post("/papers/{uuid:uuid}", opt=roles(*KEEPERS), status_code=200, dependencies=OUT)
async def enter_marks(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    out: NamedDependency[FormOut],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Decide on the marks; a mark that cannot be is shown again beside what is wrong with it."""
    marks = form.every(MARK)
    if len(marks) != len(out.items):
        raise AnswerInvalid(f"The form has {len(out.items)} questions, but {len(marks)} answers came; open it again.")
    answers, wrong = [], {}
    for number, (item, text) in enumerate(zip(out.items, marks)):
        try:
            answers.append(read_marks(item, out.paper.occasion, text))
        except AnswerInvalid as error:
            wrong[number] = str(error)
    if wrong:
        return _asked(request, out, wrong, marks)
    await key_in_form(database, shelf, caller.institution_id, caller.account_id, uuid, answers)
    is_adviser = caller.roles & {"advisor", "institution_admin"}
    return see_other(f"/advisor/learners/{out.paper.learner}" if is_adviser else "/papers")


def _asked(request: Request[Any, Any, Any], out: FormOut, wrong: dict[int, str], marks: list[str]) -> Response[str]:
    spoken = language(request)
    hints = [_hint(item, out.paper.occasion, translator(spoken)) for item in out.items]
    return page(
        request, "paper/sheet/page.html", form=out, wrong=wrong, status=422 if wrong else 200,
        questions=list(zip(hints, marks)), occasion=occasion_name(out.paper.occasion, spoken),
    )  # fmt: skip


def _hint(item: Item, occasion: str, t: Any) -> str:
    """What may stand there: A to D, or words."""
    told = [
        t("paper.letters", last="ABCDEFGHIJKLMNOPQRSTUVWXYZ"[len(keys) - 1]) if keys else t("paper.words")
        for keys in (printed_keys(item, part, occasion) for part in answered_parts(item))
    ]
    return " | ".join(told)


@get("/papers/{uuid:uuid}/sheet", opt=roles(*KEEPERS), dependencies=OUT)
async def see_sheet(request: Request[Any, Any, Any], out: NamedDependency[FormOut]) -> Response[str]:
    """The questions for the printer, with the learner's name; no key, no parameter."""
    paper = out.paper
    body = sheet_of(out.policy, paper.occasion, paper.form, out.items, str(paper.uuid), paper.name)
    return Response(body, media_type="text/html; charset=utf-8", headers=page_headers(request, {_CSP: SHEET_POLICY}))


_CSP = "Content-Security-Policy"
SHEET_POLICY = SECURITY_HEADERS[_CSP].replace(
    "style-src 'self'", f"style-src 'sha256-{base64.b64encode(hashlib.sha256(str(STYLE).encode()).digest()).decode()}'"
)
"""The sheet carries its own style, and that alone."""


@get("/papers/{uuid:uuid}/key", opt=roles("registrar"), dependencies=OUT)
async def see_key(request: Request[Any, Any, Any], out: NamedDependency[FormOut]) -> Response[str]:
    """The right marks, for whoever checks by hand; never on the learner's sheet."""
    right = [(item.key, right_marks(item, out.paper.occasion)) for item in out.items]
    return page(
        request, "paper/sheet/key.html", form=out, right=right,
        occasion=occasion_name(out.paper.occasion, language(request)),
    )  # fmt: skip
