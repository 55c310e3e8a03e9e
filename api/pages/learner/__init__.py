"""The learner's walk: catalogue, practice, attempt, sitting, result, record."""

from typing import Any

from api.pages.learner.assessment.handler import open_attempt_page, see_assessment
from api.pages.learner.attempt.handler import begin_sitting, see_attempt, tell_learning
from api.pages.learner.catalogue.handler import see_catalogue
from api.pages.learner.my_assessments.handler import see_my_assessments
from api.pages.learner.my_data.handler import erase, export, see_my_data
from api.pages.learner.my_data.record import print_record
from api.pages.learner.practice.handler import check_practice, see_practice
from api.pages.learner.result.handler import print_gap_report, see_result
from api.pages.learner.sitting.handler import (
    answer_question,
    end_sitting,
    item_asset,
    keep_draft,
    pause_sitting,
    resume_sitting,
    see_end,
    see_sitting,
)

handlers: list[Any] = [
    see_catalogue, see_assessment, open_attempt_page, see_practice, check_practice, see_my_assessments,
    see_attempt, begin_sitting, tell_learning, see_sitting, answer_question, keep_draft, see_end, end_sitting,
    pause_sitting, resume_sitting, item_asset, see_result, print_gap_report, see_my_data, export, print_record, erase,
]  # fmt: skip
