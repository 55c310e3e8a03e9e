"""The application: routes, pages, who may, what an error looks like."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.plugins.core import MsgspecDIPlugin

from api import traces
from api.answer_lane import AnswerLane
from api.auth import guard, provide_caller, provide_visitor
from api.database_server import keep_ready
from api.dependencies import provide_database, provide_settings, provide_shelf
from api.documentation import documentation_routes, openapi_config
from api.errors import as_problem, problem_of
from api.flag_rounds import making_rounds
from api.identities import Identities
from api.json_guard import guard_json
from api.logs import log
from api.observability import health_routes, observe
from api.oidc import Discovery
from api.pages.render import as_page
from api.pages.routing import page_handlers
from api.routes import publication_routes, route_handlers
from api.settings import Settings
from engine.workflows.answer_desk import AnswerDesk
from engine.workflows.shelf import Shelf
from itembank.storage.database import DatabaseUnavailable
from itembank.storage.embedded import EmbeddedServer


class Application(Litestar):
    """Litestar without its plugins for pydantic and attrs: nobody here has such models, and loading them takes time."""

    @staticmethod
    def _get_default_plugins(plugins: list[Any]) -> list[Any]:
        return [*plugins, MsgspecDIPlugin()]


def create_app(settings: Settings, dsn: str, server: EmbeddedServer | None = None) -> Litestar:
    """The ASGI application on a database; it starts without it and answers 503 until it is there."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with keep_ready(dsn, server) as database:
            app.state.database = database
            app.state.identities = Identities(database)
            app.state.desk = desk = AnswerDesk(database, app.state.shelf)
            async with making_rounds(database, dsn, settings.flags_minutes):
                yield
            await desk.close()

    json_api = Router("/api/v1", route_handlers=route_handlers, before_request=guard_json)
    app = Application(
        route_handlers=[json_api, publication_routes, *health_routes, *page_handlers, *documentation_routes],
        lifespan=[lifespan],
        guards=[guard],
        dependencies={
            "database": Provide(provide_database, sync_to_thread=False),
            "shelf": Provide(provide_shelf, sync_to_thread=False),
            "settings": Provide(provide_settings, sync_to_thread=False),
            "caller": Provide(provide_caller),
            "visitor": Provide(provide_visitor),
        },
        exception_handlers={Exception: _answer_error, HTTPException: _answer_error},
        openapi_config=openapi_config(),
        state=_state(settings),
        request_max_body_size=20_000_000,
        logging_config=None,
        debug=False,
    )
    admission, observed = observe(app)
    app.state.lane = None if traces.are_wanted() else AnswerLane(app.state, admission, observed)
    return app


def _state(settings: Settings) -> Any:
    from litestar.datastructures import State

    return State({"settings": settings, "shelf": Shelf(), "discovery": Discovery()})


def _answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A problem document for programs, a page for people; what is our fault is logged with its trace."""
    status, _, _ = problem_of(error)
    if status >= 500 and not isinstance(error, DatabaseUnavailable):
        log.error("request failed", path=request.url.path, method=request.method, exc_info=error)
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return as_problem(request, error)
    return as_page(request, error)
