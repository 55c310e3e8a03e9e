"""A fixed form as one HTML file to be printed, or read aloud by an assessor; no key, no parameter in it."""

from collections.abc import Sequence

from markupsafe import Markup

from api.pages.assets import FOLDER
from api.pages.items.rendering import render_item
from api.pages.render import ENVIRONMENT
from api.pages.words import translator
from engine.fixed_form import FixedForm
from engine.frozen_bank import FrozenBank
from engine.messages import Language
from engine.policies.records import Policy, occasion_of
from itembank.items import Item

STYLE = Markup((FOLDER / "paper.css").read_text("utf-8"))
"""The sheet's looks, inside it: a form that is mailed or filed needs no other file."""


def render_sheet(policy: Policy, form: FixedForm, bank: FrozenBank) -> str:
    """The questions of a form that belongs to nobody yet."""
    by_key = {item.key: item for item in bank.items}
    origin = f"{form.bank} {form.bank_version}"
    return sheet_of(policy, form.occasion, form.kind, [by_key[key] for key in form.items], origin)


def sheet_of(policy: Policy, occasion: str, kind: str, items: Sequence[Item], origin: str, name: str = "") -> str:
    """The questions in their order, each with room for its answer. `origin`: what the foot of the sheet tells."""
    language: Language = "fr" if policy.disclosure.language == "fr" else "en"
    t = translator(language)
    questions = [render_item(item.content, None, order_seed(occasion, item.key), t) for item in items]
    return ENVIRONMENT.get_template("items/sheet.html").render(
        policy=policy, occasion=occasion_of(policy, occasion), kind=kind, origin=origin, name=name,
        questions=questions, language=language, t=t, style=STYLE,
    )  # fmt: skip


def order_seed(occasion: str, item_key: str) -> str:
    """What the order of shuffled choices on paper is drawn from: the same letters on every copy of a form."""
    return f"{occasion}/{item_key}"
