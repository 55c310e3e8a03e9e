"""No page is forgotten: a route that people may open is walked to by the browser's tests, or said to be a file."""

from api.app import create_app
from api.settings import Settings
from tests.browser.addresses import FILES, FIXED, PROGRAMS, REDIRECTS, WALKS, pages_of, route_of


def test_every_page_of_the_application_is_on_a_walk() -> None:
    app = create_app(Settings(public_url="http://testserver"), "postgresql://nowhere/at-all")
    walked = {route for routes in WALKS.values() for route in routes}
    assert pages_of(app) == walked | FILES | REDIRECTS
    assert not walked & (FILES | REDIRECTS)


def test_what_programs_ask_for_has_no_page_among_it() -> None:
    app = create_app(Settings(public_url="http://testserver"), "postgresql://nowhere/at-all")
    left_out = [route for route in app.routes if route.path.startswith(PROGRAMS)]
    assert left_out
    pages = {handler.handler_name for route in left_out for handler in getattr(route, "route_handlers", [])
             if handler.fn.__module__.startswith("api.pages")}  # fmt: skip
    assert pages == set()


def test_an_address_finds_its_route() -> None:
    assert route_of("/verify") == "/verify"
    assert route_of("/papers/1/key") == "/papers/{uuid:uuid}/key"
    assert route_of("/nowhere") == "/nowhere"
    plain = {address.split("?")[0] for addresses in FIXED.values() for address in addresses} - {"/nowhere"}
    assert {route_of(path) for path in plain} <= {route for routes in WALKS.values() for route in routes}
