"""Compose an assessment: preset, form and document of one policy, feasibility beside it, simulation, publication."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import ClientException

from api.auth import Forbidden, roles
from api.pages.background import Tell, carry_out
from api.pages.forms import Form
from api.pages.institution.compose.bank_facts import KNOWN, BankFacts
from api.pages.institution.compose.editing import carry_over
from api.pages.institution.compose.policy_entries import PolicyForm, form_of
from api.pages.institution.stock import STAFF
from api.pages.learner.assessment.rules import occasion_rules
from api.pages.looks import language
from api.pages.render import page, see_other
from api.pages.words import translator
from api.reports.concerns import Concern, concerns_of
from api.reports.simulation import most_exposed, simulation_figures
from engine.designs import DesignError
from engine.errors import EngineError
from engine.messages import Language
from engine.policies.documents import preset, preset_names, read_policy, write_policy
from engine.policies.records import Policy, policy_hash
from engine.refusals import PolicyInvalid
from engine.simulation.report import SimulationReport
from engine.storage import assessments, cohorts, jobs
from engine.storage.jobs import Job
from engine.storage.overrides import Override
from engine.workflows.publish_assessment import publish_assessment
from engine.workflows.simulate_assessment import bank_as_it_stands, bank_state, simulate_policy
from itembank.errors import BankError
from itembank.storage import banks
from itembank.storage.accounts import Caller
from itembank.storage.database import Database

N_PERSONS, SEED = 1500, 20260101
FEWEST_ATTEMPTS, UNLIMITED_ATTEMPTS, MOST_ATTEMPTS = 2, 3, 5
LONGEST = 200_000
DECIDERS = frozenset({"psychometrician", "registrar", "institution_admin"})
"""Who may simulate and publish; every member of the staff may compose and check."""

UNUSABLE = (PolicyInvalid, DesignError, BankError, EngineError)


class Draft(msgspec.Struct, kw_only=True):
    """The policy as it is being written, and all that is known about it.

    `text` is the document; `shown` and `shown_bank` are the document and the bank of which the form was made: the same,
    unless something typed cannot be used.
    """

    text: str
    bank: str
    shown: str = ""
    shown_bank: str = ""
    form: PolicyForm | None = None
    rules: dict[str, tuple[str, ...]] = {}
    feasible: str = ""
    problem: str = ""
    is_unreadable: bool = False
    job: Job | None = None
    report: SimulationReport | None = None
    concerns: tuple[Concern, ...] = ()
    published: int = 0


@get("/institution/compose", opt=roles(*STAFF))
async def see_composer(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Response[str]:
    """A preset, a published policy, or one that was simulated, to begin with."""
    asked = request.query_params
    async with database.transaction(caller.institution_id) as connection:
        known = await banks.all_banks(connection)
        draft = Draft(text="", bank=known[0].key if known else "")
        if key := asked.get("assessment", "")[:80]:
            version = await assessments.current(connection, key)
            draft.text = "" if version is None else write_policy(version.policy)
        elif (uuid := _uuid(asked.get("job", ""))) and (job := await jobs.find(connection, uuid)) is not None:
            draft.text, draft.bank = str(job.about.get("text", "")), str(job.about.get("bank", ""))
    if asked.get("preset", "") in preset_names():
        draft.text = write_policy(preset(asked["preset"]))
    if draft.text:
        await _judge(request, database, caller, draft)
    return await _show(request, database, caller, draft)


@post("/institution/compose", opt=roles(*STAFF), status_code=200)
async def act_on_policy(
    request: Request[Any, Any, Any],
    form: NamedDependency[Form],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Carry what was typed into the document; check it, simulate it, or publish it."""
    action = form.one("action")
    if action in ("simulate", "publish") and not caller.roles & DECIDERS:
        raise Forbidden("Simulating and publishing need the role psychometrician or registrar.")
    draft = Draft(text=_document(form, "policy"), bank=form.one("bank")[:63])
    if not await _carry_over(request, database, caller, form, draft):
        return await _show(request, database, caller, draft, status=422)
    policy = await _judge(request, database, caller, draft)
    if policy is not None and action == "simulate":
        return await _simulate(database, caller, policy, draft)
    if policy is not None and action == "publish":
        await _publish(database, caller, form, policy, draft)
    return await _show(request, database, caller, draft, status=422 if draft.problem else 200)


def _document(form: Form, name: str) -> str:
    text = form.texts.get(name, [""])[0].replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise ClientException(f"The policy has {len(text)} characters; {LONGEST} are the most.")
    return text


async def _carry_over(
    request: Request[Any, Any, Any], database: Database, caller: Caller, form: Form, draft: Draft
) -> bool:
    """Put what was changed in the form into the document, where both can be used; otherwise everything stays typed."""
    shown = _document(form, "shown")
    try:
        was = read_policy(shown)
    except PolicyInvalid:
        return True  # sent without a form: the document alone speaks
    draft.shown, draft.shown_bank = shown, form.one("shown_bank")[:63]
    draft.form = form_of(was, await _facts(database, caller, draft.shown_bank))
    draft.rules = _rules(was, language(request))
    typed = {name: texts[0] for name, texts in form.texts.items()}
    try:
        policy = read_policy(draft.text)
    except PolicyInvalid as error:
        draft.problem, draft.is_unreadable, policy = str(error), True, was
    try:
        changed = carry_over(draft.form, typed, policy)
    except PolicyInvalid as error:
        draft.problem, changed = str(error), None
    if changed is None or draft.is_unreadable:
        return False
    draft.text = draft.text if changed is policy else write_policy(changed)
    return True


def _rules(policy: Policy, spoken: Language) -> dict[str, tuple[str, ...]]:
    return {one.key: occasion_rules(policy, one, spoken, translator(spoken)) for one in policy.occasions}


async def _facts(database: Database, caller: Caller, bank_key: str) -> BankFacts | None:
    try:
        return await KNOWN.bank(database, caller.institution_id, bank_key)
    except BankError:
        return None


async def _judge(request: Request[Any, Any, Any], database: Database, caller: Caller, draft: Draft) -> Policy | None:
    """Whether it can be read and run, and what a simulation of exactly this has shown; None when it cannot."""
    draft.shown, draft.shown_bank, draft.form = draft.text, draft.bank, None
    try:
        policy = read_policy(draft.text)
    except PolicyInvalid as error:
        draft.problem, draft.is_unreadable = str(error), True
        return None
    draft.rules = _rules(policy, language(request))
    try:
        facts = await KNOWN.bank(database, caller.institution_id, draft.bank)
    except BankError as error:
        draft.form, draft.problem = form_of(policy, None), str(error)
        return None
    draft.form = form_of(policy, facts)
    try:
        async with database.transaction(caller.institution_id) as connection:
            uuid = await jobs.simulated(connection, policy_hash(policy), facts.state)
            draft.job = await jobs.find(connection, uuid) if uuid else None
        draft.feasible = str(await KNOWN.n_items(caller.institution_id, policy, facts))
    except UNUSABLE as error:
        draft.problem = str(error)
        return None
    if draft.job is not None and draft.job.document is not None:
        draft.report = msgspec.convert(draft.job.document, SimulationReport)
        draft.concerns = concerns_of(draft.report, language(request))
    return policy


async def _simulate(database: Database, caller: Caller, policy: Policy, draft: Draft) -> Response[Any]:
    bank = await bank_as_it_stands(database, caller.institution_id, draft.bank)
    async with database.transaction(caller.institution_id) as connection:
        about = {
            "bank": draft.bank, "text": draft.text, "file": policy.title, "model": policy.key,
            "policy_hash": policy_hash(policy), "bank_state": await bank_state(connection, draft.bank),
        }  # fmt: skip
        uuid = await jobs.start(connection, caller.institution_id, caller.account_id, "simulation", about)

    def work(tell: Tell) -> dict[str, Any]:
        report = simulate_policy(
            policy, bank, n_persons=N_PERSONS, seed=SEED, attempts=attempts_of(policy),
            progress=lambda done, total: tell(f"{done:,} / {total:,}"),
        )  # fmt: skip
        document: dict[str, Any] = msgspec.to_builtins(report)
        return document

    carry_out(database, caller.institution_id, uuid, work)
    return see_other(f"/institution/jobs/{uuid}")


def attempts_of(policy: Policy) -> int:
    """How many attempts are simulated, to see the pool run dry: as many as the policy gives, from two to five."""
    given = [one.maximum or UNLIMITED_ATTEMPTS for one in policy.occasions]
    return min(max(FEWEST_ATTEMPTS, *given), MOST_ATTEMPTS)


async def _publish(database: Database, caller: Caller, form: Form, policy: Policy, draft: Draft) -> None:
    """Publish what was simulated; red lights need a person's name and a reason."""
    if draft.report is None:
        draft.problem = "Simulate exactly this policy on this bank first; then it can be published."
        return
    red = tuple(concern.sentence for concern in draft.concerns if concern.colour == "red")
    named, reason = form.one("named")[:200], form.one("reason")[:2000]
    if red and (len(named) < 3 or len(reason) < 10):
        draft.problem = "Red lights stand against this; somebody must answer for it by name, with a reason."
        return
    override = Override(named=named, reason=reason, warnings=red) if red else None
    published = await publish_assessment(
        database, caller.institution_id, policy, draft.bank, caller.account_id, override=override
    )
    draft.published = published.number


async def _show(
    request: Request[Any, Any, Any], database: Database, caller: Caller, draft: Draft, *, status: int = 200
) -> Response[str]:
    async with database.transaction(caller.institution_id) as connection:
        known = await banks.all_banks(connection)
        offered = await cohorts.assessments(connection)
    report = draft.report
    faults = [entry for entry in draft.form.entries() if entry.fault] if draft.form else []
    return page(
        request, "institution/compose/page.html", status=status, draft=draft, banks=known, offered=offered,
        presets=preset_names(), may=bool(caller.roles & DECIDERS), faults=faults,
        report=report, figures=simulation_figures(report, language(request)) if report else [],
        exposed={one.name: most_exposed(one) for one in report.designs} if report else {},
        warnings=draft.concerns, red=[concern for concern in draft.concerns if concern.colour == "red"],
    )  # fmt: skip


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
