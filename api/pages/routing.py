"""Every page under one guard: forms are read and checked before any handler runs."""

from typing import Any

from litestar import Router
from litestar.di import Provide

from api.pages.advisor import handlers as advisor_handlers
from api.pages.assets import static_file
from api.pages.forms import guard_page, provide_form
from api.pages.institution import handlers as institution_handlers
from api.pages.learner import handlers as learner_handlers
from api.pages.paper import handlers as paper_handlers
from api.pages.rater import handlers as rater_handlers
from api.pages.verifier import handlers as verifier_handlers
from api.pages.visitor import handlers as visitor_handlers

pages = Router(
    "/",
    route_handlers=[
        *visitor_handlers,
        *verifier_handlers,
        *rater_handlers,
        *advisor_handlers,
        *institution_handlers,
        *paper_handlers,
        *learner_handlers,
    ],
    before_request=guard_page,
    dependencies={"form": Provide(provide_form)},
    opt={"form": True},
    include_in_schema=False,
)
page_handlers: list[Any] = [pages, static_file]
