"""The institution's walk: banks and items, coverage, imports, calibrations, assessments, live health."""

from typing import Any

from api.pages.institution.bank.handler import see_bank
from api.pages.institution.calibration.handler import attach, begin, calibration_report, see_calibrations, see_job
from api.pages.institution.compose.handler import act_on_policy, see_composer
from api.pages.institution.courses.handler import publish, see_courses
from api.pages.institution.coverage.handler import see_coverage
from api.pages.institution.erasures.handler import confirm_erasure, see_erasures
from api.pages.institution.flags.handler import close, look_again, see_flag, see_flags
from api.pages.institution.imports.handler import confirm_import, look_at_file, see_import
from api.pages.institution.item.handler import move_item, see_item
from api.pages.institution.overview.handler import see_institution
from api.pages.institution.rescorings.handler import carry_out, preview_page, see_rescorings
from api.pages.institution.suspicious.handler import see_suspicious

handlers: list[Any] = [
    see_institution, see_bank, see_item, move_item,
    see_coverage, see_suspicious, see_import, look_at_file, confirm_import,
    see_calibrations, begin, see_job, calibration_report, attach, see_composer, act_on_policy,
    see_courses, publish, see_rescorings, preview_page, carry_out, see_erasures, confirm_erasure,
    see_flags, look_again, see_flag, close,
]  # fmt: skip
