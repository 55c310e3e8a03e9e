"""Calibrate a bank from a file of answers: begin, watch, read the report, attach what came out."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import FromPath

from api.auth import roles
from api.calibrating import calibration_document
from api.cli.calibrate_ import MODELS
from api.pages.background import Tell, carry_out
from api.pages.forms import Form
from api.pages.institution.stock import STAFF, Stock, bank_page
from api.pages.looks import language
from api.pages.render import SECURITY_HEADERS, page, see_other
from api.reports.calibration import render_calibration
from api.reports.observed import written_down
from engine.errors import Unknown
from engine.messages import Language
from engine.storage import jobs
from engine.storage.jobs import Job
from itembank.storage import field_tests
from itembank.storage.accounts import Caller
from itembank.storage.database import Database
from itembank.workflows.keep_calibration import keep_calibration

if TYPE_CHECKING:
    from itembank.exchange.responses import ItemRule, ResponseTable

REPORT_HEADERS = SECURITY_HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


@get("/institution/banks/{key:str}/calibration", **bank_page())
async def see_calibrations(
    request: Request[Any, Any, Any],
    stock: NamedDependency[Stock],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[str]:
    """What the bank's parameters rest on, what was run lately, and a form for the next."""
    async with database.transaction(caller.institution_id) as connection:
        lately = await jobs.latest(connection, "calibration", stock.bank.key)
        tests = await field_tests.of_bank(connection, stock.bank.id)
    may = bool(caller.roles & {"psychometrician", "institution_admin"})
    return page(
        request, "institution/calibration/page.html", stock=stock, lately=lately, models=MODELS, may=may, tests=tests
    )


@post("/institution/banks/{key:str}/calibration", **bank_page("psychometrician"))
async def begin(
    request: Request[Any, Any, Any],
    form: NamedDependency[Form],
    stock: NamedDependency[Stock],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Start a calibration; its page shows how far it is."""
    model, test = form.one("model", "auto"), form.one("field_test")
    if model not in MODELS or not (test or "file" in form.files):
        raise ClientException("Choose a model from the list and a file with answers, and send both again.")
    from itembank.exchange.responses import ItemRule
    from itembank.workflows.read_field_tests import read_field_tests

    keys = {stored.item.key: ItemRule(stored.item.key) for stored in stock.items}
    name, data, kept = test, b"", None
    if test:
        kept, _ = await read_field_tests(database, caller.institution_id, stock.bank.key, [test])
    else:
        name, data = form.files["file"].filename or "responses.csv", await form.files["file"].read()
    by_competency, spoken = form.one("dimensions") == "1", language(request)
    about = {"bank": stock.bank.key, "file": name[:200], "model": model, "dimensions": by_competency,
             "origin": form.one("origin")[:500] or name[:200]}  # fmt: skip
    async with database.transaction(caller.institution_id) as connection:
        uuid = await jobs.start(connection, caller.institution_id, caller.account_id, "calibration", about)

    def work(tell: Tell) -> dict[str, Any]:
        tell("reading")
        table = _read(name, data, keys) if kept is None else kept
        return calibrated(stock, name, table, model, by_competency=by_competency, language=spoken, tell=tell)

    carry_out(database, caller.institution_id, uuid, work)
    return see_other(f"/institution/jobs/{uuid}")


def calibrated(
    stock: Stock,
    name: str,
    table: "ResponseTable",
    model: str,
    *,
    by_competency: bool,
    language: Language,
    tell: Tell,
) -> dict[str, Any]:
    """The calibration document of answers to the bank's items, with its report.

    Raises:
        BankError, ValueError: naming file, row and column.
    """
    competency = {stored.item.key: (stored.item.facts.competencies or ("",))[0] for stored in stock.items}
    held = [
        place
        for place, key in enumerate(table.item_ids)
        if key in competency and (table.responses[:, place] >= 0).any()
    ]
    if not held:
        raise ValueError(
            f"{name} holds no answer to any item of the bank; its columns must be called as the items are."
        )
    keys, responses = [table.item_ids[place] for place in held], table.responses[:, held]
    responses = responses[(responses >= 0).any(axis=1)]
    document = calibration_document(responses, keys, competency, model=model, by_competency=by_competency, tell=tell)
    document["observed"] = written_down(document, responses)
    tell("report")
    return {"calibration": document, "html": render_calibration(document, responses, language)}


def _read(name: str, data: bytes, rules: "dict[str, ItemRule]") -> "ResponseTable":
    from itembank.exchange.responses import read_responses

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name.replace("\\", "/")).name or "responses.csv")
        path.write_bytes(data)
        return read_responses(path, items=rules)


async def _job(database: Database, caller: Caller, uuid: UUID) -> Job:
    async with database.transaction(caller.institution_id) as connection:
        found = await jobs.find(connection, uuid)
    if found is None:
        raise Unknown("There is no such piece of work here.")
    return found


@get("/institution/jobs/{uuid:uuid}", opt=roles(*STAFF))
async def see_job(
    request: Request[Any, Any, Any],
    uuid: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[str]:
    """How far it is, looked at again every two seconds; then what came out."""
    job = await _job(database, caller, uuid)
    if job.kind == "simulation" and job.state == "done":
        return see_other(f"/institution/compose?job={uuid}")
    headers = {"Refresh": "2"} if job.state == "running" else {}
    may = bool(caller.roles & {"psychometrician", "institution_admin"})
    return page(request, "institution/calibration/job.html", headers=headers, job=job, may=may)


@get("/institution/jobs/{uuid:uuid}/report.html", opt=roles(*STAFF))
async def calibration_report(
    uuid: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[str]:
    """The report as one file, to read here or to keep."""
    job = await _job(database, caller, uuid)
    if job.document is None or "html" not in job.document:
        raise Unknown("There is no report of this yet.")
    return Response(job.document["html"], media_type=MediaType.HTML, headers=REPORT_HEADERS)


@post("/institution/jobs/{uuid:uuid}/attach", opt=roles("psychometrician"))
async def attach(
    uuid: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[Any]:
    """The bank goes on with these parameters from its next publication."""
    job = await _job(database, caller, uuid)
    if job.kind != "calibration" or job.document is None:
        raise Unknown("There is no calibration to attach here.")
    await keep_calibration(
        database, caller.institution_id, job.about["bank"], job.document["calibration"], origin=job.about["origin"],
        account_id=caller.account_id,
    )  # fmt: skip
    return see_other(f"/institution/banks/{job.about['bank']}")
