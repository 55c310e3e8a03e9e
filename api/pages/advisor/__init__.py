"""The advisor's walk: whom to see first, one learner over time, a whole cohort."""

from typing import Any

from api.pages.advisor.cohort.handler import cohort_csv, cohort_json, see_cohort
from api.pages.advisor.learner.handler import act, add_note, finish_note, see_learner
from api.pages.advisor.learner.papers import print_learner_gaps, print_learner_record
from api.pages.advisor.learners.handler import see_learners
from api.pages.advisor.queue.handler import see_queue
from api.pages.advisor.role.handler import role_csv, see_role

handlers: list[Any] = [
    see_queue, see_learners, see_learner, add_note, finish_note, act, see_cohort, cohort_csv, cohort_json,
    see_role, role_csv, print_learner_record, print_learner_gaps,
]  # fmt: skip
