"""The life of an item: draft → pretest → operational → retired, or quarantined, every change with its reason.

A state belongs to the item, content to its versions: an edit makes a new version with the next number and never
touches an old one, because sittings pin the version they showed. What a new version may keep of the state depends on
what was edited: parameters describe one content and no other.
"""

from typing import Literal

from itembank.errors import BankError
from itembank.items import Item, content_hash
from itembank.records import Record, canonical, digest

State = Literal["draft", "pretest", "operational", "retired", "quarantined"]
FEWEST_REASON_LETTERS = 3


class TransitionRefused(BankError):
    """An item may not go from its state into the one asked for."""


class Standing(Record, frozen=True, kw_only=True):
    """Where an item stands. `calibrated` = the current version has parameters on the bank's scale."""

    key: str
    state: State = "draft"
    version: int = 1
    calibrated: bool = False
    reason: str = ""


ALLOWED: dict[State, tuple[State, ...]] = {
    "draft": ("pretest", "operational", "retired"),
    "pretest": ("operational", "draft", "retired", "quarantined"),
    "operational": ("retired", "quarantined"),
    "quarantined": ("pretest", "operational", "retired"),
    "retired": (),
}
MEANING: dict[State, str] = {
    "draft": "being written",
    "pretest": "seeded into sittings without touching a score",
    "operational": "counting",
    "retired": "out of use for good",
    "quarantined": "taken out until a doubt is settled",
}


def move(standing: Standing, to: State, reason: str, item: Item) -> Standing:
    """The standing after a change of state; `item` is the current version, whose fitness decides.

    Raises:
        TransitionRefused: naming the item, what stands in the way and what to do.
    """
    if to not in ALLOWED[standing.state]:
        ways = " or ".join(ALLOWED[standing.state]) or "nowhere; make a new item instead"
        raise TransitionRefused(f"Item {standing.key} is {standing.state} and cannot become {to}; it can go to {ways}.")
    if len(reason.strip()) < FEWEST_REASON_LETTERS:
        raise TransitionRefused(f"Item {standing.key}: say why it becomes {to}; the reason is kept with the item.")
    if to in ("pretest", "operational") and item.not_deliverable:
        raise TransitionRefused(
            f"Item {standing.key} cannot become {to}: it is not deliverable ({item.not_deliverable}); mend that first."
        )
    if to in ("pretest", "operational") and item.scoring.rule == "none":
        raise TransitionRefused(f"Item {standing.key} cannot become {to}: it has no key; add one.")
    if to == "operational" and not standing.calibrated:
        raise TransitionRefused(
            f"Item {standing.key} cannot become operational: its version {standing.version} has no parameters; "
            "pretest and calibrate it first."
        )
    return Standing(
        key=standing.key, state=to, version=standing.version, calibrated=standing.calibrated, reason=reason.strip()
    )


def calibrated(standing: Standing, version: int) -> Standing:
    """The standing once a version has parameters; parameters of an old version change nothing.

    Raises:
        TransitionRefused: for a version that does not exist yet.
    """
    if version > standing.version:
        raise TransitionRefused(f"Item {standing.key} has no version {version} yet; its latest is {standing.version}.")
    if version < standing.version:
        return standing
    return Standing(key=standing.key, state=standing.state, version=version, calibrated=True, reason=standing.reason)


Edit = Literal["nothing", "facts", "answering"]


def edit_of(before: Item, after: Item) -> Edit:
    """What an edit touched: nothing, facts beside the question, or what is asked and how it is scored."""
    if content_hash(before) == content_hash(after):
        return "nothing"
    return "facts" if _answering(before) == _answering(after) else "answering"


def _answering(item: Item) -> str:
    return digest(canonical(item.content), canonical(item.scoring))


def edited(standing: Standing, before: Item, after: Item) -> Standing:
    """The standing after an edit: the same when nothing changed, else the next version.

    A change of facts (level, tags, enemies …) keeps state and parameters. A change of what is asked or scored takes
    both away: an operational item goes back to draft, since old parameters would misjudge the new wording.

    Raises:
        TransitionRefused: for a retired item, or when the two are not the same item.
    """
    if before.key != after.key or before.key != standing.key:
        raise TransitionRefused(f"Item {standing.key} cannot become '{after.key}' by an edit; make a new item.")
    edit = edit_of(before, after)
    if edit == "nothing":
        return standing
    if standing.state == "retired":
        raise TransitionRefused(f"Item {standing.key} is retired and cannot be edited; make a new item.")
    if edit == "facts":
        return Standing(
            key=standing.key,
            state=standing.state,
            version=standing.version + 1,
            calibrated=standing.calibrated,
            reason=standing.reason,
        )
    return Standing(
        key=standing.key, state="draft", version=standing.version + 1, reason="edited: the question is another now"
    )
