"""Forms on paper: handed out, printed, and their answers entered. For advisors and registrars."""

from typing import Any

from api.pages.paper.out.handler import hand_out, see_papers, take_table
from api.pages.paper.sheet.handler import enter_marks, see_key, see_marks, see_sheet

handlers: list[Any] = [see_papers, hand_out, take_table, see_marks, enter_marks, see_sheet, see_key]
