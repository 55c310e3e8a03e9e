"""Every page of the application by its route, and the walk on which it is looked at; the rest are files."""

import re

from litestar import Litestar

BANK = "/institution/banks/data-literacy"
ITEM = f"{BANK}/item?key=averages-f-02"

# Looked at in `test_every_page.py`, walk by walk; each walk proves that it came past all of its routes.
WALKS = {
    "visitor": frozenset({"/", "/catalogue", "/practice", "/display", "/sign-in"}),
    "learner": frozenset({
        "/catalogue/{institution:str}/{assessment:str}", "/attempts/{uuid:uuid}", "/sittings/{uuid:uuid}",
        "/sittings/{uuid:uuid}/end", "/attempts/{uuid:uuid}/result", "/my", "/my-data", "/display",
    }),
    "author": frozenset({
        "/institution", "/institution/banks/{key:str}", "/institution/banks/{key:str}/item",
        "/institution/banks/{key:str}/coverage", "/institution/banks/{key:str}/suspicious",
        "/institution/banks/{key:str}/calibration", "/institution/import", "/institution/compose",
        "/institution/jobs/{uuid:uuid}", "/institution/jobs/{uuid:uuid}/report.html",
    }),
    "registrar": frozenset({
        "/institution/courses", "/institution/rescorings", "/institution/erasures", "/institution/flags",
        "/institution/flags/{uuid:uuid}", "/papers", "/papers/{uuid:uuid}", "/papers/{uuid:uuid}/sheet",
        "/papers/{uuid:uuid}/key",
    }),
    "advisor": frozenset({
        "/advisor", "/advisor/learners", "/advisor/learners/{uuid:uuid}", "/advisor/cohort", "/advisor/role",
    }),
    "verifier": frozenset({"/verify", "/verify/{uuid:uuid}"}),
    "rater": frozenset({"/attestations/{token:str}"}),
}  # fmt: skip
FILES = frozenset({
    "/advisor/cohort/{key:str}/heat-map.csv", "/advisor/cohort/{key:str}/heat-map.json", "/advisor/role.csv",
    "/advisor/learners/{uuid:uuid}/record.pdf", "/advisor/learners/{uuid:uuid}/attempts/{attempt:uuid}/gap-report.pdf",
    "/attempts/{uuid:uuid}/gap-report.pdf", "/my-data/export.json", "/my-data/record.pdf", "/item-assets/{sha256:str}",
    "/static/{name:str}",
})  # fmt: skip
REDIRECTS = frozenset({"/sign-in/provider", "/sign-in/provider/back"})
"""They lead on, or back to /sign-in with a sentence."""
PROGRAMS = ("/api/", "/schema", "/ims/", "/issuers/", "/credentials/", "/health/", "/metrics", "/documentation-assets/")
"""What programs ask for; no page among them."""

# Addresses that need nothing but an account, for everything that is asked of each page alike.
FIXED = {
    "visitor": ("/", "/catalogue", "/practice", "/practice?item=practice-02", "/display", "/sign-in", "/nowhere"),
    "learner": ("/catalogue/sample/data-literacy", "/my", "/my-data", "/display"),
    "author": (
        "/institution", BANK, f"{BANK}?text=mean&state=operational", ITEM, f"{BANK}/coverage", f"{BANK}/suspicious",
        f"{BANK}/calibration", "/institution/import", "/institution/compose",
        "/institution/compose?assessment=data-literacy", "/institution/compose?preset=wgu",
    ),
    "registrar": (
        "/institution/courses", "/institution/rescorings",
        "/institution/rescorings?bank=data-literacy&item=averages-f-02", "/institution/erasures", "/institution/flags",
        "/papers",
    ),
    "advisor": (
        "/advisor", "/advisor/learners", "/advisor/cohort", "/advisor/role",
        "/advisor/role?assessment=data-literacy&title=Data+steward&cut:tables=70&cut:chance=75",
    ),
    "verifier": ("/verify", "/verify/00000000-0000-4000-8000-000000000000"),
}  # fmt: skip


def pages_of(app: Litestar) -> frozenset[str]:
    """The routes of the application that people may open."""
    return frozenset(
        route.path
        for route in app.routes
        if "GET" in getattr(route, "methods", ()) and not route.path.startswith(PROGRAMS)
    )


def route_of(path: str) -> str:
    """The route that answers at a path; the path itself where no walk knows one."""
    every = sorted({route for routes in WALKS.values() for route in routes}, key=lambda route: route.count("{"))
    return next((route for route in every if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", route), path)), path)
