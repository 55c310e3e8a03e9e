"""Role × endpoint × tenant: every cell of the JSON API, written down here and not read from the code under test."""

import re
from typing import Any

from litestar import Litestar
from litestar.testing import AsyncTestClient

from itembank.storage.database import Database
from tests.api.conftest import body
from tests.security.conftest import ROLES, Tenant

Client = AsyncTestClient[Litestar]
UUID = "00000000-0000-4000-8000-000000000000"
EVERYBODY = frozenset({*ROLES, "nobody"})
ACCOUNTS = frozenset(ROLES)
STAFF = ACCOUNTS - {"learner"}
ADMIN = frozenset({"institution_admin"})

# (methods, path) -> who may; the first line that fits a route holds.
CELLS: list[tuple[str, str, frozenset[str]]] = [
    ("GET", r"/catalogue", EVERYBODY),
    ("GET|POST", r"/verify.*", EVERYBODY),
    ("GET", r"/banks/[^/]+/exposure", ADMIN | {"author", "psychometrician", "registrar"}),
    ("GET", r"/banks.*", STAFF),
    ("POST", r"/banks/[^/]+/(items|moves)", ADMIN | {"author", "psychometrician", "service"}),
    ("POST", r"/banks/[^/]+/(pretest-)?calibrations", ADMIN | {"psychometrician", "service"}),
    ("POST", r"/assessments", ADMIN | {"psychometrician", "registrar", "service"}),
    ("GET", r"/assessments/[^/]+", ACCOUNTS),
    ("GET", r"/learners/.*", ADMIN | {"advisor", "registrar"}),
    ("GET", r"/rescorings", ADMIN | {"psychometrician", "registrar"}),
    ("POST", r"/rescorings/preview", ADMIN | {"psychometrician", "registrar"}),
    ("GET", r"/flags.*", ADMIN | {"psychometrician", "registrar"}),
    ("POST", r"/flags/looks", ADMIN | {"psychometrician"}),
    ("POST", r"/flags/[^/]+/closing", ADMIN | {"psychometrician", "registrar"}),
    ("POST", r"/rescorings", ADMIN | {"registrar"}),
    ("POST", r"/attempts/[^/]+/credit/revocation", ADMIN | {"registrar"}),
    ("POST", r"/signing-keys/rotation", ADMIN | {"registrar"}),
    ("GET|PUT", r"/accounts.*", ADMIN),
    ("GET|POST", r"/attestations/[^/]+", EVERYBODY),
    ("GET", r"/courses", ACCOUNTS),
    ("POST", r"/courses", ADMIN | {"registrar", "service"}),
    ("GET|POST", r"/me/.*", ACCOUNTS),
    ("GET|POST", r"/erasures.*", ADMIN | {"registrar"}),
    ("GET|POST", r"/papers.*", ADMIN | {"advisor", "registrar"}),
    ("POST", r"/role-matches", ADMIN | {"advisor", "registrar", "service"}),
    ("POST", r"/attempts/[^/]+/invitations", ADMIN | {"advisor", "registrar"}),
    ("GET|POST", r"/attempts.*", ACCOUNTS),
    ("GET|POST|PUT", r"/sessions/.*", ACCOUNTS),
]
BODIES: dict[str, Any] = {
    "responses": {"position": 0, "answer": "A"},
    "draft": {"position": 0, "answer": "A"},
    "sessions": {"occasion": "pre_test"},
    "attempts": {"assessment": "nothing-of-that-name"},
    "calibrations": {"document": {}, "origin": "x"},
    "assessments": {"policy": {}, "bank": "x"},
}


def routes(client: Client) -> list[tuple[str, str]]:
    """(method, path template below /api/v1) of the JSON API as it is served."""
    found = []
    for route in client.app.routes:
        if route.path.startswith("/api/v1/"):
            methods = set(getattr(route, "route_handler_map", {})) - {"OPTIONS", "HEAD"}
            found += [(method, route.path.removeprefix("/api/v1")) for method in sorted(methods)]
    return found


def cell(method: str, path: str) -> frozenset[str]:
    """Who may; a route that nobody thought about fails here."""
    plain = re.sub(r"\{[^}]+\}", "x", path)
    for methods, pattern, who in CELLS:
        if re.fullmatch(methods, method) and re.fullmatch(pattern, plain):
            return who
    raise AssertionError(f"{method} {path} has no line in CELLS: write down who may use it.")


def address(path: str, uuid: str = UUID, key: str = "x") -> str:
    return "/api/v1" + re.sub(r"\{[^}]*:uuid\}", uuid, re.sub(r"\{[^}]*:str\}", key, path))


async def ask(client: Client, method: str, url: str, headers: dict[str, str]) -> Any:
    sent = None if method == "GET" else BODIES.get(url.rsplit("/", 1)[1], {})
    return await client.request(method, url, json=sent, headers=headers)


async def test_every_cell_of_roles_and_endpoints(application: Client, home: Tenant) -> None:
    wrong, cells = [], 0
    for method, path in routes(application):
        allowed = cell(method, path)
        for who in ("nobody", *ROLES):
            answer = await ask(application, method, address(path), home.headers.get(who, {}))
            cells += 1
            expected = "in" if who in allowed else "401" if who == "nobody" else "403"
            seen = str(answer.status_code) if answer.status_code in (401, 403) else "in"
            if seen != expected or answer.status_code >= 500:
                wrong.append(f"{who}: {method} {path} gave {answer.status_code}, not {expected}")
    assert cells > 150
    assert wrong == []


async def test_no_cell_reaches_another_tenant(
    application: Client, home: Tenant, elsewhere: Tenant, sample_database: Database
) -> None:
    """Somebody with every role elsewhere asks for everything that exists at home, by its real uuid and key."""
    mine = home.headers["learner"]
    attempt = body(
        await application.post("/api/v1/attempts", json={"assessment": "data-literacy"}, headers=mine), 201
    )["uuid"]  # fmt: skip
    session = body(
        await application.post(f"/api/v1/attempts/{attempt}/sessions", json={"occasion": "pre_test"}, headers=mine), 201
    )["uuid"]  # fmt: skip
    async with sample_database.transaction(home.id) as connection:
        learner = str(await connection.fetchval("SELECT uuid FROM account WHERE pseudonym = 'sample-learner'"))
    leaks, cells = [], 0
    for method, path in routes(application):
        if cell(method, path) == EVERYBODY or "{" not in path:
            continue
        for uuid in (attempt, session, learner):
            url = address(path, uuid, "data-literacy")
            answer = await ask(application, method, url, elsewhere.headers["everything"])
            cells += 1
            refused = 400 <= answer.status_code < 500 or answer.json() == []
            if not refused or "Canary sample" in answer.text:
                leaks.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
    for path in ("/attempts", "/banks"):
        listed = await application.get(f"/api/v1{path}", headers=elsewhere.headers["everything"])
        cells += 1
        if body(listed, 200) != []:
            leaks.append(f"{path} lists {listed.text[:200]}")
    assert cells > 30
    assert leaks == []
    still = body(await application.get(f"/api/v1/sessions/{session}", headers=mine), 200)
    assert (still["state"], still["answered"]) == ("open", 0)


async def test_pages_are_closed_but_for_the_public_ones(application: Client) -> None:
    """Without an account a page outside the public list leads to the sign-in page or is refused."""
    public = re.compile(
        r"/|/sign-(in|out)|/sign-in/provider.*|/attestations/.*|/demo/.*|/display.*|/verify.*|/catalogue.*|/practice.*|/static/.*|/schema.*|/health/.*"
        r"|/metrics|/documentation-assets/.*|/credentials/.*|/issuers/.*|/ims/case/.*|/case/.*"
    )
    opened = []
    for route in application.app.routes:
        if route.path.startswith("/api/v1") or public.fullmatch(route.path):
            continue
        url = re.sub(r"\{[^}]*:uuid\}", UUID, re.sub(r"\{[^}]*:(str|path)\}", "x", route.path))
        for method in sorted(set(getattr(route, "route_handler_map", {})) - {"OPTIONS", "HEAD"}):
            answer = await application.request(method, url, follow_redirects=False)
            signed_off = answer.status_code in (401, 403) or "/sign-in" in answer.headers.get("location", "")
            if not signed_off:
                opened.append(f"{method} {route.path}: {answer.status_code}")
    assert opened == []
