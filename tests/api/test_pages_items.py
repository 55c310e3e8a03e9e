"""Items as forms: every interaction can be given, restored and sent back in the form that scoring reads."""

import re
from typing import Any

import pytest
from lxml import html as lxml_html

from api.pages.items.rendering import FIELD, is_blank, read_draft, read_given, render_item
from api.pages.words import translator
from itembank.answers import check_answer
from itembank.items import Answer, Asset, Choice, Interaction, ItemContent, Picture

T = translator("en")
ABC = tuple(Choice(key=key, content=f"choice {key}") for key in "ABC")
XY = tuple(Choice(key=key, content=f"target {key}", match_max=0) for key in "XY")
PICTURE = Picture(asset="map.png", width=200, height=100, alt="A map")
AREAS = (
    Choice(key="A", shape="rect", coords="0,0,50,50"),
    Choice(key="B", shape="circle", coords="100,50,20"),
    Choice(key="C", shape="poly", coords="150,10,190,10,170,40"),
)
GIVEN: dict[str, tuple[Interaction, Answer]] = {
    "choice": (Interaction(kind="choice", response="R", choices=ABC), {"R": ["B"]}),
    "several": (Interaction(kind="choice", response="R", choices=ABC, max_choices=0), {"R": ["A", "C"]}),
    "inline choice": (Interaction(kind="inline_choice", response="R", choices=ABC), {"R": ["C"]}),
    "text": (Interaction(kind="text_entry", response="R", unit="kg"), {"R": ['5 "big" <kg>']}),
    "order": (Interaction(kind="order", response="R", choices=ABC, max_choices=0), {"R": ["C", "A", "B"]}),
    "match": (Interaction(kind="match", response="R", choices=ABC, targets=XY, max_choices=0), {"R": ["A X", "C Y"]}),
    "gap": (Interaction(kind="gap_match", response="R", choices=ABC, targets=XY, max_choices=0), {"R": ["B X"]}),
    "associate": (Interaction(kind="associate", response="R", choices=ABC, max_choices=1), {"R": ["A C"]}),
    "slider": (Interaction(kind="slider", response="R", lower=0, upper=10, step=1), {"R": ["7"]}),
    "hotspot": (Interaction(kind="hotspot", response="R", choices=AREAS, picture=PICTURE), {"R": ["B"]}),
    "point": (Interaction(kind="select_point", response="R", picture=PICTURE), {"R": ["12 40"]}),
    "essay": (Interaction(kind="extended_text", response="R"), {"R": ["Two\nlines & more"]}),
}


def form_of(markup: str) -> dict[str, list[str]]:
    """What a browser would send, read from the fields as they stand."""
    root = lxml_html.fragment_fromstring(markup, create_parent="form")
    return {name: [value for key, value in root.form_values() if key == name] for name, _ in root.form_values()}


@pytest.mark.parametrize("name", GIVEN)
def test_an_answer_is_restored_and_sent_back_as_it_was(name: str) -> None:
    interaction, answer = GIVEN[name]
    asset = Asset(name="map.png", media_type="image/png", sha256="a" * 64, size=1)
    content = ItemContent(
        body='<p>Stem.</p><span data-interaction="R"></span>', interactions=(interaction,), assets=(asset,)
    )
    check_answer(content, answer)
    markup = str(render_item(content, answer, "seed", T))
    assert read_given(form_of(markup)) == answer
    assert "data-interaction" not in markup
    assert is_blank(read_given(form_of(str(render_item(content, None, "seed", T)))))


def test_what_is_half_typed_keeps_its_place_and_its_last_space() -> None:
    order = Interaction(kind="order", response="R", choices=ABC, max_choices=0)
    essay = Interaction(kind="extended_text", response="T")
    content = ItemContent(body="", interactions=(order, essay))
    sent = {"a:R": ["", "", "B"], "a:T": ["To be "], "a:U": [""], "csrf": ["x"]}
    draft = read_draft(sent)
    assert draft == {"R": ["", "", "B"], "T": ["To be "]}
    again = form_of(str(render_item(content, draft, "seed", T)))
    assert read_draft(again) == draft
    assert read_given(again) == {"R": ["B"], "T": ["To be"]}


@pytest.mark.parametrize("name", GIVEN)
def test_every_field_has_a_name_for_those_who_cannot_see_it(name: str) -> None:
    interaction, _ = GIVEN[name]
    content = ItemContent(body='<span data-interaction="R"></span>', interactions=(interaction,))
    root = lxml_html.fragment_fromstring(str(render_item(content, None, "seed", T)), create_parent="form")
    labelled = {label.get("for") for label in root.iter("label")}
    fields = [field for field in root.iter("input", "select", "textarea") if field.get("type") != "hidden"]
    assert fields
    for field in fields:
        inside = any(True for _ in field.iterancestors("label"))
        named_by = field.get("aria-labelledby")
        by_another = bool(named_by) and any(part.get("id") == named_by and part.text for part in root.iter())
        assert inside or by_another or field.get("id") in labelled


def test_gaps_and_hot_words_stand_inside_their_text() -> None:
    gap = Interaction(
        kind="gap_match", response="G", choices=ABC, targets=(Choice(key="X"), Choice(key="Y")), max_choices=0
    )
    hot = Interaction(kind="hottext", response="H", choices=ABC, max_choices=1)
    content = ItemContent(
        body='<p>One <span data-gap="X" data-response="G"></span> and <span data-gap="Y" data-response="G"></span>; '
        '<span data-hottext="A" data-response="H">this <em>word</em></span> or '
        '<span data-hottext="B" data-response="H">that</span>.</p>',
        interactions=(gap, hot),
    )
    markup = str(render_item(content, {"G": ["C Y"], "H": ["A"]}, "seed", T))
    assert read_given(form_of(markup)) == {"G": ["C Y"], "H": ["A"]}
    assert "<em>word</em>" in markup
    assert markup.index("<select") < markup.index("this")
    assert "data-" not in markup


def test_an_interaction_without_a_place_comes_at_the_end() -> None:
    content = ItemContent(body="<p>Stem.</p>", interactions=(Interaction(kind="choice", response="R", choices=ABC),))
    markup = str(render_item(content, None, "seed", T))
    assert markup.index("Stem.") < markup.index(f'name="{FIELD}R"')


def test_a_block_never_stands_inside_a_paragraph() -> None:
    """Browsers end a paragraph before a fieldset; what followed would lose its place."""
    content = ItemContent(
        body='<p>Choose <span data-interaction="R"></span> and go on.</p>',
        interactions=(Interaction(kind="choice", response="R", choices=ABC),),
    )
    root = lxml_html.fragment_fromstring(str(render_item(content, None, "seed", T)), create_parent="form")
    assert [part for part in root.iter("fieldset") if any(p.tag == "p" for p in part.iterancestors())] == []
    assert "and go on." in root.text_content()


def order_of(content: ItemContent, seed: str) -> list[str]:
    return re.findall(r'value="([A-Z])"', str(render_item(content, None, seed, T)))


def test_a_shuffled_order_is_the_sittings_own_and_keeps_fixed_choices() -> None:
    choices = (*(Choice(key=key, content=key) for key in "ABCDEFG"), Choice(key="Z", content="none", fixed=True))
    content = ItemContent(
        body='<span data-interaction="R"></span>',
        interactions=(Interaction(kind="choice", response="R", choices=choices, shuffle=True),),
    )
    orders = {tuple(order_of(content, f"sitting {n}")) for n in range(20)}
    assert len(orders) > 10
    assert all(order[-1] == "Z" and sorted(order) == sorted("ABCDEFGZ") for order in orders)
    assert order_of(content, "same") == order_of(content, "same")


def test_pictures_come_from_their_hash_and_tables_can_be_scrolled_by_keyboard() -> None:
    asset = Asset(name="images/map.png", media_type="image/png", sha256="b" * 64, size=1)
    content = ItemContent(
        body='<table><caption>Prices</caption><tr><td>1</td></tr></table><p><img src="images/map.png" alt="Map"></p>on',
        interactions=(), assets=(asset,),
    )  # fmt: skip
    markup = str(render_item(content, None, "seed", T))
    assert f'src="/item-assets/{"b" * 64}"' in markup
    frame: Any = lxml_html.fragment_fromstring(markup, create_parent="div").find("div")
    assert (frame.get("tabindex"), frame.get("role"), frame.get("aria-label")) == ("0", "region", "Prices")


@pytest.mark.parametrize("name", GIVEN)
def test_our_own_words_tell_their_language_where_the_question_has_another(name: str) -> None:
    """A screen reader then speaks "Choisissez une réponse" in French and the English question in English."""
    interaction, _ = GIVEN[name]
    content = ItemContent(body='<span data-interaction="R"></span>', interactions=(interaction,), language="en")
    assert "lang=" not in str(render_item(content, None, "seed", T))
    root = lxml_html.fragment_fromstring(
        str(render_item(content, None, "seed", translator("fr"))), create_parent="form"
    )
    french = re.compile("Choisi|Votre réponse|Mettez|Place|Paire|Un nombre|Zone|Chaque point|Le point|Trou")
    ours = [part for part in root.iter() if isinstance(part.tag, str) and part.text and french.search(part.text)]
    assert ours
    assert [part.text for part in ours if not any(p.get("lang") == "fr" for p in (part, *part.iterancestors()))] == []


@pytest.mark.parametrize("kind", ["graphic_order", "graphic_associate", "graphic_gap_match", "hotspot"])
def test_areas_are_numbered_on_the_picture_as_they_are_in_the_list(kind: Any) -> None:
    words = (Choice(key="N", content="north"), Choice(key="S", content="south"))
    areas = {"targets": AREAS, "choices": words} if kind == "graphic_gap_match" else {"choices": AREAS}
    interaction = Interaction(kind=kind, response="R", picture=PICTURE, max_choices=0, **areas)
    content = ItemContent(body='<span data-interaction="R"></span>', interactions=(interaction,))
    markup = str(render_item(content, None, "seed", T))
    assert re.findall(r'class="number"[^>]*>(\d)<', markup) == ["1", "2", "3"]
    if kind in ("hotspot", "graphic_gap_match"):
        assert re.findall(r">Area (\d)<", markup) == ["1", "2", "3"]
    else:
        named = re.findall(r'<option value="[^"]+">([^<]*)</option>', markup)
        assert set(named) == ({"1", "2", "3"} if kind == "graphic_order" else {"1 – 2", "1 – 3", "2 – 3"})


def test_what_only_a_picture_says_is_shown_above_the_list_by_letter() -> None:
    choices = (
        Choice(key="p", content='<img src="a.png" alt="a square">'), Choice(key="q", content="<math><mi>x</mi></math>"),
        Choice(key="r", content="none"),
    )  # fmt: skip
    assets = (Asset(name="a.png", media_type="image/png", sha256="c" * 64, size=1),)
    interaction = Interaction(kind="order", response="R", choices=choices, max_choices=0)
    content = ItemContent(body='<span data-interaction="R"></span>', interactions=(interaction,), assets=assets)
    markup = str(render_item(content, None, "seed", T))
    assert f'src="/item-assets/{"c" * 64}"' in markup
    assert re.findall(r'<option value="[pqr]">([^<]*)</option>', markup)[:3] == ["A · a square", "B · x", "C · none"]
    assert re.findall(r"<strong>(\w)</strong>", markup) == ["A", "B", "C"]


def test_every_point_that_may_be_given_has_a_field_and_a_dot() -> None:
    interaction = Interaction(kind="select_point", response="R", picture=PICTURE, max_choices=3)
    content = ItemContent(body='<span data-interaction="R"></span>', interactions=(interaction,))
    markup = str(render_item(content, {"R": ["10 20", "", "30 40"]}, "seed", T))
    assert read_draft(form_of(markup)) == {"R": ["10 20", "", "30 40"]}
    assert re.findall(r'class="point"[^>]* (cx="\S+"|display="none")', markup) == [
        'cx="10.0"', 'display="none"', 'cx="30.0"',
    ]  # fmt: skip


def test_gaps_and_hot_words_are_a_group_named_by_what_is_asked() -> None:
    hot = Interaction(kind="hottext", response="H", choices=ABC, max_choices=1, prompt="<p>Find the mistake.</p>")
    content = ItemContent(
        body='<div data-holds="H"><span data-interaction="H"></span><p>'
        '<span data-hottext="A" data-response="H">this</span></p></div>',
        interactions=(hot,),
    )
    root: Any = lxml_html.fragment_fromstring(str(render_item(content, None, "seed", T)), create_parent="form")
    group = root.find("div")
    assert group.get("role") == "group"
    named = next(part for part in root.iter() if part.get("id") == group.get("aria-labelledby"))
    assert named.text_content().strip() == "Find the mistake."
