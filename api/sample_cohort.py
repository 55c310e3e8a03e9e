"""Twenty-five learners of the sample institution, so that advisors and authors see a term's work and not empty pages.

They are simulated: abilities are drawn once, answers follow the model's probabilities, and every step goes through the
workflows that real learners use. Only the clock is the sample's own, so that a term has gone by on the first day, and
chance, so that it is the same term wherever the sample is made.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg
import numpy as np

from engine.errors import NoItemLeft
from engine.refusals import JourneyRefused
from engine.sessions import Given
from engine.storage import credits, notes
from engine.workflows.answer_desk import AnswerDesk
from engine.workflows.issue_credential import issue_credential, revoke_credit
from engine.workflows.open_attempt import open_attempt
from engine.workflows.raise_flags import raise_all_flags
from engine.workflows.record_learning import record_learning
from engine.workflows.shelf import Shelf
from engine.workflows.show_sitting import Step
from engine.workflows.take_session import Chance, start_session
from itembank.items import Answer, Item, ItemContent
from itembank.storage import accounts
from itembank.storage.database import Database
from sample.field_test import COMPETENCIES, CORRELATIONS

ASSESSMENT = "data-literacy"
SEED = 20260301
DRAWS = 7
"""One of the terms in which everybody's story comes about: who is to lose a credit has earned one."""
SPREAD = 0.55
RUNNING_ANSWERS = 5
TIRED_AFTER = 4
"""Questions after which somebody in a hurry only clicks through."""
CLOCK_DOWN = "DROP SCHEMA IF EXISTS sample_clock CASCADE"
CLOCK_UP = """
DROP SCHEMA IF EXISTS sample_clock CASCADE;
CREATE SCHEMA sample_clock;
CREATE TABLE sample_clock.moment (at timestamptz NOT NULL);
INSERT INTO sample_clock.moment VALUES (now());
CREATE FUNCTION sample_clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM sample_clock.moment';
GRANT USAGE ON SCHEMA sample_clock TO assay_app;
GRANT SELECT ON sample_clock.moment TO assay_app;
"""


class Story(NamedTuple):
    """One learner: a name, ability in logits, and (days ago, what was done) in order."""

    name: str
    ability: float
    steps: tuple[tuple[float, str], ...] = ()


STORIES = (
    Story("Amara Nwosu", 1.6, ((44, "pre_test"), (44, "post_test"))),
    Story("Jonas Weber", 1.4, ((41, "pre_test"), (40, "post_test"))),
    Story("Priya Raman", 1.9, ((36, "pre_test"), (36, "post_test"))),
    Story("Élise Fontaine", 1.2, ((29, "pre_test"), (28, "post_test"), (12, "revoked"))),
    Story("Mateo Vargas", 1.5, ((17, "pre_test"), (17, "post_test"))),
    Story("Hana Kobayashi", 1.7, ((4, "pre_test"), (4, "post_test"))),
    Story("Tomasz Zieliński", 0.9, ((2, "pre_test"),)),
    Story("Grace Otieno", 0.8, ((1.2, "pre_test"),)),
    Story("Luca Bianchi", 0.9, ((31, "pre_test"),)),
    Story("Sara Lindholm", 0.7, ((26, "pre_test"),)),
    Story("Noor Haddad", 0.3, ((33, "pre_test"), (27, "learning"), (26, "post_test"))),
    Story("Diego Morales", 0.2, ((30, "pre_test"), (24, "learning"), (23, "post_test"), (9, "post_test"))),
    Story("Fatima Zahra Idrissi", 0.1, ((28, "pre_test"), (20, "learning"), (19, "post_test"))),
    Story("Kwame Boateng", 0.0, ((22, "pre_test"), (15, "learning"), (14, "post_test"), (3, "post_test"))),
    Story("Ingrid Solberg", -0.1, ((19, "pre_test"), (11, "learning"), (10, "post_test"))),
    Story("Rafael Costa", 0.2, ((13, "pre_test"), (6, "learning"), (5, "post_test"))),
    Story("Mei Chen", -0.5, ((16, "pre_test"), (12, "pre_test"))),
    Story("Oliver Grant", -0.4, ((11, "pre_test"), (7, "pre_test"))),
    Story("Zeynep Kaya", -0.6, ((20, "pre_test"), (16, "pre_test"), (8, "learning"), (7, "post_test"))),
    Story("Samuel Adeyemi", -0.3, ((9, "pre_test"), (6, "pre_test"))),
    Story("Anna Petrova", -1.1, ((38, "pre_test"),)),
    Story("Liam O'Connor", -0.8, ((35, "pre_test"), (0.6, "hurried"))),
    Story("Chloé Martin", -1.3, ((6, "pre_test"),)),
    Story("Ben Whitaker", 0.0, ((5, "opened"),)),
    Story("Yara Haddad", 0.4, ((0.02, "running"),)),
)
NOTES = (
    (
        "Mei Chen",
        "Averages hold her back in both tries. Sent her the OpenIntro chapter; will sit together on Thursday.",
        0,
    ),
    ("Kwame Boateng", "Works nights; prefers messages to calls. Wants to try once more before the end of term.", 2),
    ("Luca Bianchi", "Passed the pre-test and went quiet. Wrote to him; no answer yet.", -3),
)


class Learner(NamedTuple):
    """A learner with an attempt."""

    account_id: int
    attempt: UUID
    theta: dict[str, float]


async def seed_cohort(database: Database, owner_dsn: str, institution_id: int, staff: dict[str, int], url: str) -> None:
    """Make the learners who are not there yet and let them work through the term; a second start changes nothing."""
    async with database.transaction(institution_id) as connection:
        known = {person.name for person in await accounts.people(connection)}
    stories = [story for story in STORIES if story.name not in known]
    if stories:
        async with _clock(owner_dsn) as clock:
            term = Term(clock, institution_id, staff, url)
            try:
                await term.run(stories)
            finally:
                await term.close()
    if len(stories) == len(STORIES):
        await _notes(database, institution_id, staff["demo-advisor"])
        await raise_all_flags(database, institution_id)


class Clock:
    """What `now()` says to the cohort's own connections."""

    def __init__(self, owner: asyncpg.Connection, dsn: str) -> None:
        self._owner = owner
        self.start = datetime.now(UTC)
        self.database = Database(f"{dsn}{'&' if '?' in dsn else '?'}search_path=sample_clock,pg_catalog,public")

    async def set(self, moment: datetime) -> None:
        """Move the hands."""
        await self._owner.execute("UPDATE sample_clock.moment SET at = $1", moment)


@contextlib.asynccontextmanager
async def _clock(owner_dsn: str) -> AsyncIterator[Clock]:
    owner = await asyncpg.connect(owner_dsn)
    try:
        await owner.execute(CLOCK_UP)
        clock = Clock(owner, owner_dsn)
        try:
            yield clock
        finally:
            await clock.database.close()
            await owner.execute(CLOCK_DOWN)
    finally:
        await owner.close()


class Term:
    """The term as it goes by, day after day; on one day several learners sit at the same time."""

    def __init__(self, clock: Clock, institution_id: int, staff: dict[str, int], url: str) -> None:
        self.clock, self.database = clock, clock.database
        self.institution_id, self.staff, self.url = institution_id, staff, url
        self.shelf = Shelf()
        self.desk = AnswerDesk(self.database, self.shelf)
        self.rng, self.hurried = np.random.default_rng(SEED), np.random.default_rng(SEED + 1)
        self.learners: dict[str, Learner] = {}
        self.names: dict[str, Story] = {}
        self.starts: Counter[int] = Counter()

    async def close(self) -> None:
        """End what runs."""
        await self.desk.close()

    async def run(self, stories: Sequence[Story]) -> None:
        """Everything that happened, in order of time."""
        self.names = {story.name: story for story in stories}
        days = sorted({days for story in stories for days, _ in story.steps}, reverse=True)
        for ago in days:
            moment = self.clock.start - timedelta(days=ago)
            for kind in ("opened", "learning", "pre_test", "post_test", "hurried", "running", "revoked"):
                acting = [story for story in stories if (ago, kind) in story.steps]
                if acting:
                    moment = await self._act(acting, kind, moment) + timedelta(minutes=10)

    async def _act(self, acting: Sequence[Story], kind: str, moment: datetime) -> datetime:
        await self.clock.set(min(moment, self.clock.start))
        for story in acting:
            if story.name not in self.learners:
                self.learners[story.name] = await self._open(story)
        learners = [self.learners[story.name] for story in acting]
        if kind == "learning":
            for learner in learners:
                await self._learn(learner)
        elif kind == "revoked":
            for learner in learners:
                await self._revoke(learner)
        elif kind != "opened":
            occasion = "pre_test" if kind in ("running", "hurried") else kind
            most = RUNNING_ANSWERS if kind == "running" else None
            return await self._sit(learners, occasion, moment, most, hurried=kind == "hurried")
        return moment

    async def _open(self, story: Story) -> Learner:
        number = list(self.names).index(story.name) + 1
        async with self.database.transaction(self.institution_id) as connection:
            account_id = await accounts.create(
                connection, self.institution_id, f"cohort-{number:02d}", ["learner"], story.name
            )
            uuid = (await accounts.person(connection, account_id)).uuid
        view, _ = await open_attempt(self.database, self.shelf, self.institution_id, account_id, str(uuid), ASSESSMENT)
        noise = self.rng.multivariate_normal(np.zeros(len(COMPETENCIES)), CORRELATIONS, method="cholesky")
        theta = {name: story.ability + SPREAD * float(one) for name, one in zip(COMPETENCIES, noise)}
        return Learner(account_id, view.attempt.uuid, theta)

    async def _sit(
        self, learners: Sequence[Learner], occasion: str, moment: datetime, most: int | None, *, hurried: bool = False
    ) -> datetime:
        """A sitting of each, side by side, half a minute or a minute a question; in a hurry, soon a few seconds."""
        rng = self.hurried if hurried else self.rng
        running: list[tuple[Learner, Step]] = []
        for learner in learners:
            with contextlib.suppress(JourneyRefused, NoItemLeft):
                step = await start_session(
                    self.database, self.shelf, self.institution_id, learner.account_id, learner.attempt, occasion,
                    chance=self._chance(learner),
                )  # fmt: skip
                running.append((learner, step))
        given = 0
        while running and (most is None or given < most):
            clicking = hurried and given >= TIRED_AFTER
            seconds = float(rng.uniform(*((1.5, 4.0) if clicking else (25, 70))))
            moment = min(moment + timedelta(seconds=seconds), self.clock.start)
            await self.clock.set(moment)
            steps = await asyncio.gather(*(self._answer(*one, rng, clicking=clicking) for one in running))
            over = [learner for (learner, _), step in zip(running, steps) if step.decision is not None]
            await self._credentials(over)
            running = [(who, step) for (who, _), step in zip(running, steps) if step.decision is None]
            given += 1
        return moment

    def _chance(self, learner: Learner) -> Chance:
        """What the learner's next sitting draws from: no account of this database has the same."""
        self.starts[learner.account_id] += 1
        return np.random.default_rng([DRAWS, learner.account_id, self.starts[learner.account_id]]).bytes

    async def _answer(self, learner: Learner, step: Step, rng: np.random.Generator, *, clicking: bool) -> Step:
        """An answer that the model would expect of this ability, right or wrong; a lucky one in four when clicking."""
        assert step.item is not None
        bank, position = step.publication.bank, step.item.position
        place = next(place for place, item in enumerate(bank.items) if item.key == step.item.item)
        theta = learner.theta[bank.competency[place]]
        expected = 0.25 if clicking else float(np.interp(theta, bank.nodes, bank.tables[place][-1]))
        right = expected > rng.random()
        answer = answer_to(bank.items[place], right=right)

        def read(_: ItemContent) -> Given:
            return Given(position=position, answer=answer, client_id=uuid4())

        return await self.desk.answer(self.institution_id, learner.account_id, step.session.uuid, read)

    async def _credentials(self, learners: Sequence[Learner]) -> None:
        for learner in learners:
            async with self.database.transaction(self.institution_id) as connection:
                earned = await credits.of_account(connection, learner.account_id)
            if earned:
                await issue_credential(self.database, self.shelf, self.institution_id, learner.attempt, self.url)

    async def _learn(self, learner: Learner) -> None:
        await record_learning(
            self.database, self.shelf, self.institution_id, learner.account_id, learner.attempt, what="learning",
            minutes=int(self.rng.integers(60, 300)), resource="OpenIntro Statistics: Summarizing data", by="",
        )  # fmt: skip

    async def _revoke(self, learner: Learner) -> None:
        async with self.database.transaction(self.institution_id) as connection:
            earned = await credits.of_account(connection, learner.account_id)
        if earned and earned[-1].revoked_at is None:
            await revoke_credit(
                self.database, self.shelf, self.institution_id, learner.attempt, self.staff["demo-author"],
                "registrar", "Sat by another person; established on appeal.",
            )  # fmt: skip


async def _notes(database: Database, institution_id: int, advisor: int) -> None:
    """What the advisor wrote down, with days to look again around today."""
    async with database.transaction(institution_id) as connection:
        known = {person.name: person.id for person in await accounts.people(connection)}
        today = (await connection.fetchval("SELECT now()")).date()
        for name, body, days in NOTES:
            day = today + timedelta(days=days)
            await notes.add(connection, institution_id, known[name], advisor, body, day)


def answer_to(item: Item, *, right: bool) -> Answer:
    """An answer that scores full points, or one that scores none, to an item of the sample bank."""
    responses, numeric = item.scoring.responses, item.scoring.numeric
    best = {declared.identifier: list(declared.correct) for declared in responses}
    if numeric and not all(best.values()):
        best = {responses[0].identifier: [f"{numeric[0].value:g}"]}
    if right:
        return best
    return {response: [_other(item, response, values)] for response, values in best.items()}


def _other(item: Item, response: str, values: Sequence[str]) -> str:
    """A choice that is no part of the key, or a number far from it."""
    asked = next(part for part in item.content.interactions if part.response == response)
    wrong = [choice.key for choice in asked.choices if choice.key not in values]
    return wrong[0] if wrong else "-987654"
