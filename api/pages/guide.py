"""What a newcomer to the demonstration may try, role by role, each step with its address."""

from typing import NamedTuple

from itembank.storage.accounts import Caller

BANK = "/institution/banks/data-literacy"
ASSESSMENT = "/catalogue/sample/data-literacy"
HIDDEN = "assay_guide"
"""The cookie of somebody who put the guide away."""


class Step(NamedTuple):
    """One thing to try: the end of its key in the catalogue, and where."""

    words: str
    address: str


class Guide(NamedTuple):
    """The guide of a role. `front`: where it begins, and stands unfolded."""

    role: str
    front: tuple[str, ...]
    steps: tuple[Step, ...]


GUIDES = {
    guide.role: guide
    for guide in (
        Guide("learner", (ASSESSMENT, "/my"), (
            Step("practice", "/practice"), Step("display", "/display"), Step("sit", ASSESSMENT), Step("read", "/my"),
            Step("data", "/my-data"),
        )),
        Guide("author", ("/institution",), (
            Step("health", "/institution"), Step("item", BANK), Step("coverage", f"{BANK}/coverage"),
            Step("suspicious", f"{BANK}/suspicious"), Step("compose", "/institution/compose?assessment=data-literacy"),
            Step("rescore", "/institution/rescorings"), Step("courses", "/institution/courses"),
        )),
        Guide("advisor", ("/advisor",), (
            Step("queue", "/advisor"), Step("learner", "/advisor/learners?text=Kwame"),
            Step("cohort", "/advisor/cohort"), Step("role", "/advisor/role"),
        )),
        Guide("verifier", ("/verify",), (Step("valid", "/verify"), Step("forge", "/verify"), Step("phone", "/verify"))),
    )
}  # fmt: skip
QUIET = ("/sittings/", "/attestations/")
"""Where nothing may stand beside the task."""


def guide_for(caller: Caller | None, path: str) -> Guide | None:
    """The guide of somebody's role; without an account, the verifier's on the pages that check."""
    if path == "/" or path.startswith(QUIET):
        return None
    if caller is None:
        return GUIDES["verifier"] if path.startswith("/verify") else None
    role = next((role for role in ("learner", "advisor", "author") if role in caller.roles), "")
    return GUIDES.get(role)
