"""Defects planted on purpose: a change of one place in the product, and the test that must turn red because of it."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = ("itembank/storage/schema.sql", "itembank/storage/migrations/versions/0001_initial.sql")
SITTING = "tests/journeys/test_sitting_rules.py"


@dataclass(frozen=True, slots=True)
class Defect:
    """`files` hold `right`, once or more; `wrong` stands there afterwards, and `test` must fail."""

    name: str
    files: tuple[str, ...]
    right: str
    wrong: str
    test: str


DEFECTS = (
    Defect(
        "nothing is committed", ("itembank/storage/database.py",),
        'await connection.execute("COMMIT")', 'await connection.execute("ROLLBACK")',
        "tests/itembank/storage/test_database.py::test_what_is_committed_is_there_and_what_broke_off_is_not",
    ),
    Defect(
        "a repeated answer is not recognised", ("engine/sessions.py",),
        "if earlier.client_id is not None and earlier.client_id.int == sent:", "if sent < 0:",
        f"{SITTING}::test_the_same_answer_may_be_sent_until_it_is_acknowledged",
    ),
    Defect(
        "a changed answer passes as the same", ("engine/sessions.py",),
        "if earlier.request_hash != request_hash(given):", "if given is None:",
        f"{SITTING}::test_the_same_answer_may_be_sent_until_it_is_acknowledged",
    ),
    Defect(
        "answers out of turn are taken", ("engine/sessions.py",),
        "if given.position > session.position:", "if given.position > session.position + 99:",
        f"{SITTING}::test_answers_out_of_turn_are_refused_and_change_nothing",
    ),
    Defect(
        "the desk takes answers for other people's sittings", ("engine/workflows/work_out.py",),
        "session.account_id != waiting.account_id or ", "", f"{SITTING}::test_strangers_see_nothing",
    ),
    Defect(
        "what is remembered of a sitting outlives its end", SCHEMA,
        "AND s.finished_at IS NULL AND (s.deadline", "AND (s.deadline",
        "tests/journeys/test_known_sittings.py::test_a_sitting_that_another_server_ended_takes_no_answer",
    ),
    Defect(
        "what is remembered of a sitting outlives its time", SCHEMA,
        "now() <= s.deadline + grace", "true",
        "tests/journeys/test_known_sittings.py::test_a_known_sitting_whose_time_is_up_ends",
    ),
    Defect(
        "what is remembered of a sitting knows no pause", SCHEMA,
        "s.paused_until <= now())\n            FOR", "true)\n            FOR",
        "tests/journeys/test_pauses.py::test_no_answer_is_taken_in_a_pause[of a known sitting]",
    ),
    Defect(
        "a sitting ends at any moment that the program believes in", SCHEMA,
        "moment NOT BETWEEN now() - interval '1 second' AND now()\n        OR NOT", "NOT",
        "tests/journeys/test_known_sittings.py::test_a_sitting_ends_at_the_moment_of_the_database",
    ),
    Defect(
        "deadlines are not kept", ("engine/sessions.py",),
        "session.now > session.deadline + GRACE", "session.now > session.deadline + 99 * GRACE",
        f"{SITTING}::test_a_deadline_that_passed_ends_the_sitting",
    ),
    Defect(
        "time without service is not given back", SCHEMA,
        "deadline = deadline + (moment - last)", "deadline = deadline",
        "tests/journeys/test_pulse.py::test_time_without_service_is_given_back_once",
    ),
    Defect(
        "time without service is given to those who were late before", SCHEMA,
        "WHERE finished_at IS NULL AND deadline > last", "WHERE finished_at IS NULL",
        "tests/journeys/test_pulse.py::test_time_that_was_up_before_the_outage_stays_up",
    ),
    Defect(
        "a deadline may be moved earlier", SCHEMA, "IF NEW.deadline < OLD.deadline OR", "IF false OR",
        "tests/journeys/test_pulse.py::test_nobody_moves_a_deadline_earlier",
    ),
    Defect(
        "rows of all institutions are shown", SCHEMA, "USING (institution_id = current_institution())", "USING (true)",
        "tests/security/test_row_level_security.py::test_every_table_shows_one_institution_alone",
    ),
    Defect(
        "row-level security is not forced", SCHEMA,
        "EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);", "",
        "tests/itembank/storage/test_schema.py::test_every_tenant_table_forces_row_level_security",
    ),
    Defect(
        "two sittings of an attempt may be open", SCHEMA,
        "CREATE UNIQUE INDEX session_one_open", "CREATE INDEX session_one_open",
        "tests/chaos/test_constraints.py::test_the_database_refuses_a_second[an open sitting]",
    ),
    Defect(
        "an item may be shown twice in a sitting", SCHEMA, "    UNIQUE (session_id, item_id)\n", "    CHECK (true)\n",
        "tests/chaos/test_constraints.py::test_the_database_refuses_a_second[an item on screen]",
    ),
    Defect(
        "everybody is let in", ("api/auth.py",), 'if handler.opt.get("public"):', "if handler is not None:",
        "tests/security/test_matrix.py::test_every_cell_of_roles_and_endpoints",
    ),
    Defect(
        "roles are not looked at", ("api/auth.py",),
        "if allowed is not None and not caller.roles & allowed:", "if caller is None:",
        "tests/security/test_matrix.py::test_every_cell_of_roles_and_endpoints",
    ),
    Defect(
        "a revoked key still opens", SCHEMA, "k.sha256 = secret_sha256 AND k.revoked_at IS NULL",
        "k.sha256 = secret_sha256", "tests/api/test_guard.py::test_a_revoked_key_opens_nothing",
    ),
    Defect(
        "remembered keys are used everywhere", ("api/identities.py",),
        "known = self.remembered(digest) if remembered else None", "known = self.remembered(digest)",
        "tests/api/test_guard.py::test_a_revoked_key_opens_nothing",
    ),
    Defect(
        "an answer overtakes the one before it on its connection", ("api/short_way.py",),
        "and (self.cycle is None or self.cycle.response_complete)", "",
        "tests/api/test_answer_lane.py::test_responses_keep_their_order_on_a_connection",
    ),
    Defect(
        "connections that ended wait for a collection", ("api/whole_responses.py",),
        "self.cycle = None  # type: ignore[assignment]", "pass",
        "tests/api/test_answer_lane.py::test_a_connection_that_ended_is_gone_at_once",
    ),
    Defect(
        "a sitting is looked up among all that are open", SCHEMA,
        "WHERE s.uuid = asked.uuid\n        OFFSET 0", "WHERE s.uuid::text = asked.uuid::text",
        "tests/journeys/test_found_by_key.py::test_a_sitting_is_looked_up_by_its_key",
    ),
    Defect(
        "there is no limit to the work let in", ("api/admission.py",),
        "if self.at_work >= self.most_at_once:", "if self.at_work < 0:",
        "tests/api/test_observability.py::test_more_than_can_be_done_is_told_to_come_back",
    ),
    Defect(
        "a slow body holds a place", ("api/admission.py",),
        "            task.cancel()\n", "            pass\n",
        "tests/api/test_observability.py::test_a_body_that_does_not_arrive_holds_no_place",
    ),
    Defect(
        "after a lost commit it is said that nothing was saved", ("itembank/storage/database.py",),
        "with _commit_in_doubt(connection):", "if connection is not None:",
        "tests/itembank/storage/test_database.py::test_after_a_lost_commit_nobody_says_that_nothing_was_saved",
    ),
    Defect(
        "a full disk counts as a fault of the program", ("itembank/storage/database.py",),
        '"53": FULL,', "", "tests/itembank/storage/test_database.py::test_trouble_of_the_server_is_told_in_words",
    ),
    Defect(
        "faults of the program pass for an absent database", ("itembank/storage/database.py",),
        "        if sentence is None:\n            raise\n", "        sentence = sentence or WENT_AWAY\n",
        "tests/itembank/storage/test_database.py::test_a_fault_of_ours_is_not_hidden",
    ),
    Defect(
        "quick statements overtake whoever waits for a connection", ("itembank/storage/database.py",),
        "and not self._waiting ", "",
        "tests/itembank/storage/test_database.py"
        "::test_connections_at_hand_serve_everybody_and_nobody_waits_behind_the_quick",
    ),
    Defect(
        "an import that was broken off keeps what it had", ("itembank/storage/database.py",),
        "            except BaseException:\n                await _roll_back(connection)\n",
        '            except BaseException:\n                await connection.execute("COMMIT")\n',
        "tests/chaos/test_fuzz_imports.py::test_mutated_packages_never_crash_and_never_come_in_by_halves",
    ),
    Defect(
        "two servers look at the same sittings", SCHEMA,
        "SET claimed_until = excluded.claimed_until WHERE w.claimed_until < now()",
        "SET claimed_until = excluded.claimed_until",
        "tests/api/test_flag_rounds.py::test_two_servers_at_once_look_once",
    ),
    Defect(
        "reasons of flags outlive the learner they name", ("engine/storage/erasures.py",), "sql.forget_reasons, ", "",
        "tests/journeys/test_erasure.py::test_everything_kept_is_told_and_then_erased",
    ),
    Defect(
        "the judge of histories overlooks lost answers", ("tests/chaos/history.py",),
        "            if answer is None:\n", "            if answer is None and exchange.status is None:\n",
        "tests/chaos/test_history.py::test_forged_histories_are_rejected",
    ),
    Defect(
        "the blueprint is remembered wrongly", ("engine/content/hierarchy.py",),
        "np.minimum(tallies[:, 1], self._enough, out", "np.minimum(tallies[:, 1], 3, out",
        "tests/engine/selection/test_blueprint_by_lists.py::test_what_is_remembered_of_a_blueprint_is_what_it_says",
    ),
    Defect(
        "company changes what is made of a sitting", ("engine/stopping/glance.py",),
        "np.add.reduce(posteriors, axis=1)[:, None]", "np.add.reduce(posteriors, axis=1)[0]",
        "tests/engine/selection/test_together.py::test_many_at_once_go_on_as_each_alone_to_the_same_bits",
    ),
)  # fmt: skip
