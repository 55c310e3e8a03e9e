"""Forms on paper or with an assessor: handed out to learners, their answers entered when they come back."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from api.auth import roles
from api.idempotency import once
from api.marks import answered_parts, printed_keys, read_sheet
from api.views import DecisionView, decision_view
from engine.storage.papers import Paper
from engine.workflows.hand_out_form import hand_out_form, papers_out
from engine.workflows.key_in_form import FormOut, find_form, key_in_form
from engine.workflows.shelf import Shelf
from itembank.items import ItemContent
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

KEEPERS = ("advisor", "registrar")
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Mark = Annotated[str, msgspec.Meta(max_length=2000)]


class NewPaper(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which occasion of which attempts goes on paper; all of them get the same questions."""

    attempts: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=500)]
    occasion: Key
    form: Literal["print", "large_print", "oral"] = "print"


class PapersOut(msgspec.Struct, frozen=True, kw_only=True):
    """The sittings that have begun, and the standard error of the form at the cut."""

    sittings: tuple[UUID, ...]
    n_questions: int
    sem_at_cut: float


class Marks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands on the sheet, one text a question in its order: "C", "A D", "12.5"; "" where it was left blank."""

    marks: Annotated[list[Mark], msgspec.Meta(max_length=1000)]


class QuestionView(msgspec.Struct, frozen=True, kw_only=True):
    """A question as printed. `letters`: what the letters stand for, by response; empty where words are asked."""

    item: str
    content: ItemContent
    letters: dict[str, list[str]]


class PaperDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A form that is out."""

    uuid: UUID
    assessment: str
    occasion: str
    form: str
    learner: UUID
    handed_out_at: datetime
    questions: list[QuestionView]


class PaperRoutes(Controller):
    """Forms on paper."""

    path = "/papers"
    tags = ["institution"]

    @get(summary="List forms that are out", opt=roles(*KEEPERS))
    async def list_papers(self, caller: NamedDependency[Caller], database: NamedDependency[Database]) -> list[Paper]:
        """Every form handed out whose answers have not been entered yet, oldest first."""
        return await papers_out(database, caller.institution_id)

    @post(summary="Hand a form out", opt=roles(*KEEPERS))
    async def hand_out(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[NewPaper],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[PapersOut]:
        """A sitting begins for every learner with the same questions, which none of them has met; all or none."""

        async def act() -> tuple[int, PapersOut]:
            done = await hand_out_form(
                database, shelf, caller.institution_id, caller.account_id, data.attempts, data.occasion, data.form
            )
            return 201, PapersOut(
                sittings=done.sittings, n_questions=len(done.form.items), sem_at_cut=done.form.sem_at_cut
            )

        return await once(request, caller, database, act)

    @get("/{uuid:uuid}", summary="Read a form that is out", opt=roles(*KEEPERS))
    async def read(
        self,
        uuid: FromPath[UUID],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> PaperDocument:
        """Its questions as they are printed; no key among them."""
        form = await find_form(database, shelf, caller.institution_id, uuid)
        return PaperDocument(
            uuid=uuid, assessment=form.policy.key, occasion=form.paper.occasion, form=form.paper.form,
            learner=form.paper.learner, handed_out_at=form.paper.started_at, questions=_questions(form),
        )  # fmt: skip

    @post("/{uuid:uuid}/answers", summary="Enter the answers of a form", opt=roles(*KEEPERS))
    async def key_in(
        self,
        request: Request[Any, Any, Any],
        uuid: FromPath[UUID],
        data: JSONBody[Marks],
        caller: NamedDependency[Caller],
        database: NamedDependency[Database],
        shelf: NamedDependency[Shelf],
    ) -> Response[DecisionView]:
        """Scored, decided and kept like any other sitting; credit follows when it is due. 201 with the decision."""

        async def act() -> tuple[int, DecisionView | None]:
            form = await find_form(database, shelf, caller.institution_id, uuid)
            answers = read_sheet(form.items, form.paper.occasion, data.marks)
            decided = await key_in_form(database, shelf, caller.institution_id, caller.account_id, uuid, answers)
            return 201, decision_view(decided)

        return await once(request, caller, database, act)


def _questions(form: FormOut) -> list[QuestionView]:
    return [
        QuestionView(
            item=item.key, content=item.content,
            letters={
                part.response: keys
                for part in answered_parts(item)
                if (keys := printed_keys(item, part, form.paper.occasion))
            },
        )
        for item in form.items
    ]  # fmt: skip
