"""A fixed form as one HTML file to be printed, or read aloud by an assessor; no key, no parameter in it."""

from api.pages.items.rendering import render_item
from api.pages.render import ENVIRONMENT
from api.pages.words import translator
from engine.fixed_form import FixedForm
from engine.frozen_bank import FrozenBank
from engine.policies.records import Policy, occasion_of


def render_sheet(policy: Policy, form: FixedForm, bank: FrozenBank) -> str:
    """The questions in their order, each with room for its answer."""
    t = translator("fr" if policy.disclosure.language == "fr" else "en")
    by_key = {item.key: item.content for item in bank.items}
    questions = [render_item(by_key[key], None, f"{form.occasion}/{key}", t) for key in form.items]
    return ENVIRONMENT.get_template("items/sheet.html").render(
        policy=policy, occasion=occasion_of(policy, form.occasion), form=form, bank=bank, questions=questions,
        language=policy.disclosure.language,
    )  # fmt: skip
