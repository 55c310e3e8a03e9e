"""A sitting in the browser: one question a screen, nothing told about right or wrong, nothing lost."""

from typing import Any
from uuid import UUID, uuid4

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import FromPath

from api.pages.forms import Form
from api.pages.items.rendering import is_blank, read_draft, read_given, render_item
from api.pages.looks import language
from api.pages.names import minutes_words, occasion_name
from api.pages.render import page, see_other
from api.pages.words import translator
from api.views import seconds_left
from engine.delivery import range_left
from engine.errors import AlreadyAnswered, OutOfTurn, ReusedId, SittingOver, SittingPaused
from engine.sessions import Given, is_paused
from engine.storage import attempts
from engine.workflows.shelf import Shelf
from engine.workflows.show_sitting import Step, find_session
from engine.workflows.take_pause import end_pause, find_pause, take_pause
from engine.workflows.take_session import answer_item, end_session, save_draft
from itembank.answers import check_answer
from itembank.errors import AnswerInvalid
from itembank.items import Answer
from itembank.storage import assets
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

SPOKEN_AT = (600, 300, 60, 30)


@get("/sittings/{uuid:uuid}")
async def see_sitting(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """The question on screen, with what was half typed; or the result when it is over. Looking changes nothing."""
    step = await find_session(database, shelf, caller.institution_id, caller.account_id, uuid)
    if step.item is None:
        return await _to_result(database, caller, step)
    return await _show(request, database, caller, step)


@post("/sittings/{uuid:uuid}")
async def answer_question(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Take the answer, or keep it as a draft (in a pause always); then look at what is on screen."""
    position, answer, draft = _position(form), read_given(form.texts), read_draft(form.texts)
    before = await find_session(database, shelf, caller.institution_id, caller.account_id, uuid)
    on_screen = before.item is not None and before.item.position == position
    if form.one("action") == "save":
        await _keep(database, caller, uuid, position, draft)
        return see_other(f"/attempts/{await _attempt_uuid(database, caller, before)}?saved")
    if is_blank(answer) and before.item is not None and _time_is_over(before):
        return await _end(database, shelf, caller, before)
    if on_screen and before.item is not None:
        if is_blank(answer) and not form.one("blank"):
            return await _show(request, database, caller, before, given=draft, notice="blank", status=422)
        try:
            check_answer(before.item.content, answer)
        except AnswerInvalid as error:
            return await _show(
                request, database, caller, before, given=draft, notice="invalid", detail=str(error), status=422
            )
    try:
        given = Given(position=position, answer=answer, client_id=_client_id(form))
        step = await answer_item(database, shelf, caller.institution_id, caller.account_id, uuid, given)
    except (AlreadyAnswered, OutOfTurn, ReusedId):
        return await _show(request, database, caller, before, notice="elsewhere", status=409)
    except SittingOver:
        return await _to_result(database, caller, before)
    except SittingPaused:
        await _keep(database, caller, uuid, position, draft)
        return see_other(f"/sittings/{uuid}")
    except AnswerInvalid as error:
        return await _show(
            request, database, caller, before, given=draft, notice="invalid", detail=str(error), status=422
        )
    if step.item is not None and _time_is_over(step):
        return await _end(database, shelf, caller, step)
    return see_other(f"/sittings/{uuid}") if step.item is not None else await _to_result(database, caller, step)


@post("/sittings/{uuid:uuid}/draft", status_code=204)
async def keep_draft(
    uuid: FromPath[UUID],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> None:
    """Keep what is half typed; it is no answer and is never scored."""
    await _keep(database, caller, uuid, _position(form), read_draft(form.texts))


@post("/sittings/{uuid:uuid}/pause")
async def pause_sitting(
    uuid: FromPath[UUID],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Rest: the clock stands, and the question is put away with what is half typed until the learner goes on."""
    if form.one("position"):
        await _keep(database, caller, uuid, _position(form), read_draft(form.texts))
    await take_pause(database, shelf, caller.institution_id, caller.account_id, uuid)
    return see_other(f"/sittings/{uuid}")


@post("/sittings/{uuid:uuid}/resume")
async def resume_sitting(
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Go on with the question."""
    await end_pause(database, shelf, caller.institution_id, caller.account_id, uuid)
    return see_other(f"/sittings/{uuid}")


@get("/sittings/{uuid:uuid}/end")
async def see_end(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """Ask before a sitting is ended for good."""
    step = await find_session(database, shelf, caller.institution_id, caller.account_id, uuid)
    if step.item is None:
        return await _to_result(database, caller, step)
    return page(request, "learner/sitting/end.html", uuid=uuid, answered=step.session.position)


@post("/sittings/{uuid:uuid}/end")
async def end_sitting(
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    shelf: NamedDependency[Shelf],
) -> Response[Any]:
    """End it with the answers given so far."""
    step = await end_session(database, shelf, caller.institution_id, caller.account_id, uuid)
    return await _to_result(database, caller, step)


@get("/item-assets/{sha256:str}")
async def item_asset(
    sha256: FromPath[str], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[bytes]:
    """A picture or sound of an item, by its hash; shown, never run."""
    if len(sha256) != 64 or not sha256.isalnum() or not sha256.isascii():
        raise NotFoundException
    async with database.transaction(caller.institution_id) as connection:
        found = await assets.one(connection, sha256)
    if found is None:
        raise NotFoundException
    media_type, content = found
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    return Response(content, media_type=media_type, headers=headers)


def _position(form: Form) -> int:
    position = form.one("position")
    if not position.isdecimal() or len(position) > 5:
        raise ClientException("The form does not say which question it answers; open the page again.")
    return int(position)


def _client_id(form: Form) -> UUID:
    try:
        return UUID(form.one("id"))
    except ValueError:
        return uuid4()


def _time_is_over(step: Step) -> bool:
    left = seconds_left(step.session.deadline, step.session.now)
    return left is not None and left <= 0


async def _end(database: Database, shelf: Shelf, caller: Caller, step: Step) -> Response[Any]:
    """The time is over: what was answered counts, and what nobody could answer any more is not held against anybody."""
    ended = await end_session(database, shelf, caller.institution_id, caller.account_id, step.session.uuid)
    return await _to_result(database, caller, ended)


async def _keep(database: Database, caller: Caller, uuid: UUID, position: int, answer: Answer) -> None:
    try:
        await save_draft(database, caller.institution_id, caller.account_id, uuid, position, answer)
    except SittingOver:
        return


async def _attempt_uuid(database: Database, caller: Caller, step: Step) -> UUID:
    async with database.transaction(caller.institution_id) as connection:
        return (await attempts.get(connection, step.session.attempt_id)).uuid


async def _to_result(database: Database, caller: Caller, step: Step) -> Response[Any]:
    return see_other(f"/attempts/{await _attempt_uuid(database, caller, step)}/result")


async def _show(
    request: Request[Any, Any, Any],
    database: Database,
    caller: Caller,
    step: Step,
    *,
    given: Answer | None = None,
    notice: str = "",
    detail: str = "",
    status: int = 200,
) -> Response[Any]:
    """The question on screen; after the deadline only the way to the result."""
    if step.item is None:
        return await _to_result(database, caller, step)
    spoken = language(request)
    t, session, item = translator(spoken), step.session, step.item
    policy = step.publication.version.policy
    async with database.transaction(caller.institution_id) as connection:
        rest = await find_pause(connection, session)
    if is_paused(session):
        minutes = seconds_left(session.paused_until, session.now) or 0.0
        return page(
            request, "learner/sitting/pause.html", status=status, uuid=session.uuid, minutes=minutes_words(minutes, t)
        )
    left = seconds_left(session.deadline, session.now)
    least, most = range_left(step.publication.plans[session.occasion], session.position)
    return page(
        request, "learner/sitting/page.html", status=status, uuid=session.uuid, item=item, client_id=uuid4(),
        title=policy.title, title_language=policy.disclosure.language, occasion=occasion_name(step.occasion, spoken),
        body=render_item(item.content, item.draft if given is None else given, f"{session.uuid}/{item.position}", t),
        least=least, most=most, left=left, left_words="" if left is None else minutes_words(left, t),
        spoken_at={seconds: t("sitting.left", time=minutes_words(seconds, t)) for seconds in SPOKEN_AT},
        notice=notice, detail=detail if spoken == "en" else "", resumed=bool(item.draft) and not notice,
        rest=rest,
    )  # fmt: skip
