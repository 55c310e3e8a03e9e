"""The composer's form: one truth with the document, each entry at its place, faults named where they are."""

from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from api.pages.institution.compose.content_table import put_bound, table_of
from api.pages.institution.compose.editing import carry_over
from api.pages.institution.compose.occasion_entries import RULES
from api.pages.institution.compose.policy_entries import form_of
from engine.policies.documents import preset, preset_names, read_policy, write_policy
from engine.policies.records import Policy
from itembank.records import canonical
from itembank.storage.database import Database
from tests.api.browsing import Client, see, send, sign_in, words_of
from tests.api.conftest import learner

ADDRESS = "/institution/compose"
SAMPLE = f"{ADDRESS}?assessment=data-literacy"
COMPETENCIES = ("averages", "chance", "sampling", "spreadsheets", "tables")


def sample_policy() -> Policy:
    return read_policy((files("sample") / "assessments" / "data-literacy.toml").read_bytes())


def plain(policy: Policy) -> Any:
    return msgspec.json.decode(canonical(policy))


def places(before: Any, after: Any, path: str = "") -> set[str]:
    """Where two documents differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        every = set(before) | set(after)
        return set().union(*(places(before.get(key), after.get(key), f"{path}.{key}") for key in every))
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return set().union(*(places(one, other, path) for one, other in zip(before, after)))
    return set() if before == after else {path}


class Fields(HTMLParser):
    """What a browser would send back of a page, by name, and what its marked-up entries say."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.invalid: set[str] = set()
        self.open_in, self.select = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        name = own.get("name") or ""
        if "aria-invalid" in own:
            self.invalid.add(name)
        if tag == "input" and name:
            self.sent[name] = own.get("value") or ""
        elif tag == "textarea":
            self.open_in, self.sent[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in own:
            self.sent[self.select] = own.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self.open_in = "" if tag == "textarea" else self.open_in

    def handle_data(self, data: str) -> None:
        if self.open_in:
            self.sent[self.open_in] += data


def sent_of(page: str) -> dict[str, str]:
    """The fields of the composer's own form."""
    own = page[page.index(f'action="{ADDRESS}"') :]
    return {name: value for name, value in Fields(own).sent.items() if name not in ("csrf", "named", "reason")}


async def change(client: Client, page: str, fields: dict[str, str], status: int = 200) -> str:
    answer = await send(client, page, ADDRESS, {**sent_of(page), "action": "check", **fields}, status=status)
    return str(answer.text)


# The rules, without a server.


@pytest.mark.parametrize("name", [*preset_names(), "sample"])
def test_a_form_sent_back_as_it_came_leaves_the_policy_alone(name: str) -> None:
    policy = sample_policy() if name == "sample" else preset(name)
    form = form_of(policy, None)
    typed = {entry.name: f" {entry.value} " for entry in form.entries()}
    assert carry_over(form, typed, policy) is policy


@pytest.mark.parametrize(
    "name, typed, place, value",
    [
        ("title", 'A "new"\\title', ".title", 'A "new"\\title'),
        ("key", "module-2", ".key", "module-2"),
        ("hours", "1,25", ".credit.hours", "1.25"),
        ("delivery_mode", "", ".disclosure.delivery_mode", None),
        ("usual_minutes", "50", ".disclosure.usual_minutes", 50),
        ("cost", "12 €", ".disclosure.cost", "12 €"),
        ("occasion:post_test:title", "Prüfung", ".occasions.title", "Prüfung"),
        ("occasion:post_test:time_limit_minutes", "", ".occasions.time_limit_minutes", None),
        ("occasion:post_test:maximum", "5", ".occasions.maximum", 5),
        ("occasion:post_test:counts", "last", ".occasions.counts", "last"),
        ("occasion:post_test:min_items", "12", ".occasions.design.stopping.min_items", 12),
        ("occasion:post_test:max_items", "30", ".occasions.design.stopping.max_items", 30),
        ("occasion:post_test:exposure", "25", ".occasions.design.exposure.maximum_rate", 0.25),
        ("occasion:post_test:wait:0", "9", ".occasions.gates.period.days", 9),
    ],
)
def test_each_entry_changes_its_place_and_no_other(name: str, typed: str, place: str, value: Any) -> None:
    policy = sample_policy()
    after = carry_over(form_of(policy, None), {name: typed}, policy)
    assert after is not None
    assert places(plain(policy), plain(after)) == {place}
    assert read_policy(write_policy(after)) == after
    form = form_of(after, None)
    again = next(entry for entry in form.entries() if entry.name == name)
    assert not again.is_changed_by(typed), "the form shows what was typed"
    if value is not None:
        assert str(value) in write_policy(after).replace('\\"', '"').replace("\\\\", "\\")


@pytest.mark.parametrize("name", RULES)
def test_every_rule_in_plain_words_is_found_again(name: str) -> None:
    policy = sample_policy()
    after = carry_over(form_of(policy, None), {"occasion:pre_test:rule": name}, policy)
    assert after is not None, name
    entry = next(one for one in form_of(after, None).entries() if one.name == "occasion:pre_test:rule")
    assert entry.value == name
    assert places(plain(policy), plain(after)) <= {
        ".occasions.design.stopping.rule", ".occasions.design.stopping.rule.type",
        ".occasions.design.stopping.rule.alpha", ".occasions.design.stopping.rule.at_most",
    }  # fmt: skip


def test_a_new_cut_takes_the_copy_in_the_design_with_it() -> None:
    """Otherwise the two would contradict each other, which an author who sees only one of them could not mend."""
    policy = sample_policy()
    after = carry_over(form_of(policy, None), {"occasion:post_test:cut_value": "0,4"}, policy)
    assert after is not None
    assert places(plain(policy), plain(after)) == {".occasions.cut.value", ".occasions.design.decision"}
    assert after.occasions[0] == policy.occasions[0]


def test_waits_come_and_go_and_other_gates_stay() -> None:
    policy = preset("kctcs")
    after = carry_over(form_of(policy, None), {"occasion:post_test:wait:0": "2"}, policy)
    assert after is not None
    assert after.occasions[1].gates[:-1] == policy.occasions[1].gates
    assert plain(after)["occasions"][1]["gates"][-1] == {"kind": "wait", "period": {"days": 2}, "from_attempt": 2}
    hours = {"occasion:post_test:wait:0": "36", "occasion:post_test:wait_unit:0": "hours"}
    later = carry_over(form_of(after, None), hours, after)
    assert later is not None
    assert plain(later)["occasions"][1]["gates"][-1]["period"] == {"hours": 36}
    assert carry_over(form_of(later, None), {"occasion:post_test:wait:0": ""}, later) == policy


def test_the_first_of_two_waits_goes_and_the_second_changes_at_once() -> None:
    policy = preset("nocti")
    typed = {"occasion:post_test:wait:0": "", "occasion:post_test:wait:1": "90"}
    after = carry_over(form_of(policy, None), typed, policy)
    assert after is not None
    (gate,) = plain(after)["occasions"][0]["gates"]
    assert (gate["period"], gate["from_attempt"], gate["since"]) == ({"days": 90}, 3, "first")


@pytest.mark.parametrize(
    "typed, faults",
    [
        ({"title": ""}, {"title": "needed"}),
        ({"title": "two\nlines"}, {"title": "line"}),
        ({"title": "x" * 201}, {"title": "line"}),
        ({"key": "Über uns"}, {"key": "key"}),
        ({"hours": "0"}, {"hours": "hours"}),
        ({"hours": "NaN"}, {"hours": "hours"}),
        ({"hours": "1e1"}, {"hours": "hours"}),
        ({"usual_minutes": "-3"}, {"usual_minutes": "whole"}),
        ({"usual_minutes": "٣"}, {"usual_minutes": "whole"}),
        ({"occasion:pre_test:cut_value": "abc"}, {"occasion:pre_test:cut_value": "cut"}),
        ({"occasion:pre_test:cut_value": "7"}, {"occasion:pre_test:cut_value": "cut"}),
        ({"occasion:pre_test:cut_value": "inf"}, {"occasion:pre_test:cut_value": "cut"}),
        ({"occasion:pre_test:cut_scale": "percent"}, {"occasion:pre_test:cut_value": "unit"}),
        ({"occasion:pre_test:cut_scale": "miles"}, {"occasion:pre_test:cut_scale": "choice"}),
        ({"occasion:pre_test:min_items": "17"}, {"occasion:pre_test:max_items": "order"}),
        ({"occasion:pre_test:min_items": ""}, {"occasion:pre_test:min_items": "whole"}),
        ({"occasion:pre_test:exposure": "0"}, {"occasion:pre_test:exposure": "number"}),
        ({"occasion:pre_test:rule": "never"}, {"occasion:pre_test:rule": "choice"}),
        ({"occasion:pre_test:maximum": "99999999999999999999"}, {"occasion:pre_test:maximum": "whole"}),
    ],
)
def test_what_cannot_be_used_is_named_at_its_entry(typed: dict[str, str], faults: dict[str, str]) -> None:
    policy = sample_policy()
    form = form_of(policy, None)
    assert carry_over(form, typed, policy) is None
    assert {entry.name: entry.fault.key for entry in form.entries() if entry.fault} == faults
    for name, text in typed.items():
        assert next(entry for entry in form.entries() if entry.name == name).typed == text.strip()


def test_an_occasion_that_the_document_lost_is_said_to_be_gone() -> None:
    policy = sample_policy()
    form = form_of(policy, None)
    only_post = plain(policy)
    only_post["occasions"] = only_post["occasions"][1:]
    only_post["occasions"][0].pop("gates")
    only_post["lifts"] = []
    target = msgspec.json.decode(msgspec.json.encode(only_post), type=Policy)
    assert carry_over(form, {"occasion:pre_test:title": "Before"}, target) is None
    assert [entry.fault.key for entry in form.entries() if entry.fault] == ["gone"]


# The table of the blueprint.


def test_a_bound_on_all_is_spread_out_and_gathered_again() -> None:
    enemies = {"type": "enemies"}
    constraints = [enemies, {"type": "count", "attribute": "competency", "min": 2, "max": 5}, {"type": "sets"}]
    assert table_of(constraints, COMPETENCIES)["chance"] == {"min": 2, "max": 5}
    put_bound(constraints, COMPETENCIES, "chance", "max", 4)
    assert [constraints[0], constraints[-1]] == [enemies, {"type": "sets"}]
    assert len(constraints) == 2 + len(COMPETENCIES)
    table = table_of(constraints, COMPETENCIES)
    assert table.pop("chance") == {"min": 2, "max": 4}
    assert set(map(tuple, (sorted(bounds.items()) for bounds in table.values()))) == {(("max", 5), ("min", 2))}
    put_bound(constraints, COMPETENCIES, "chance", "max", 5)
    every = {"type": "count", "attribute": "competency", "value": "*", "min": 2, "max": 5}
    assert constraints == [enemies, every, {"type": "sets"}]


def test_the_strictest_of_several_bounds_holds_and_others_are_left_alone() -> None:
    level = {"type": "count", "attribute": "level", "value": "foundation", "min": 3}
    foreign = {"type": "count", "attribute": "competency", "value": "welding", "min": 1}
    constraints = [
        level, {"type": "count", "attribute": "competency", "min": 1, "max": 9}, foreign,
        {"type": "count", "attribute": "competency", "value": "tables", "min": 3},
    ]  # fmt: skip
    assert table_of(constraints, COMPETENCIES)["tables"] == {"min": 3, "max": 9}
    put_bound(constraints, COMPETENCIES, "chance", "min", None)
    assert level in constraints
    assert foreign in constraints
    assert table_of(constraints, COMPETENCIES)["tables"] == {"min": 3, "max": 9}
    assert table_of(constraints, COMPETENCIES)["chance"] == {"min": None, "max": 9}


# The page.


@pytest.mark.parametrize("start", [f"{ADDRESS}?preset={name}" for name in preset_names()] + [SAMPLE])
async def test_the_page_sent_back_as_it_came_keeps_the_document_to_the_byte(sample_client: Client, start: str) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, start)
    before = sent_of(page)
    answer = await send(
        sample_client, page, ADDRESS, {**before, "action": "check"}, status=200 if 'role="alert"' not in page else 422
    )
    assert sent_of(answer.text) == before
    assert before["policy"] == before["shown"]


async def test_a_row_of_the_blueprint_and_an_own_cut_reach_the_document(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, SAMPLE)
    own = {"occasion:post_test:min:chance": "4", "occasion:post_test:cut:chance": "-0.5"}
    after = await change(sample_client, page, own)
    policy = read_policy(sent_of(after)["policy"])
    was, now = plain(sample_policy()), plain(policy)
    assert places(was, now) == {".occasions.design.content.constraints", ".occasions.competency_cuts"}
    assert now["occasions"][1]["competency_cuts"] == {"chance": {"scale": "theta", "value": -0.5}}
    assert now["occasions"][0] == was["occasions"][0]
    table = table_of(now["occasions"][1]["design"]["content"]["constraints"], COMPETENCIES)
    assert table == {name: {"min": 4 if name == "chance" else 3, "max": 7} for name in COMPETENCIES}
    assert {name: sent_of(after)[name] for name in own} == own
    assert "of the domain." in words_of(after)


async def test_a_preset_gets_the_standard_design_written_out_with_the_first_change(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, f"{ADDRESS}?preset=kctcs")
    assert sent_of(page)["occasion:post_test:max_items"] == ""
    assert "Empty means the standard of this bank: 80." in words_of(page)
    after = sent_of(await change(sample_client, page, {"occasion:post_test:max_items": "60"}))
    policy = read_policy(after["policy"])
    assert policy.occasions[0] == preset("kctcs").occasions[0]
    design = policy.occasions[1].design
    assert design is not None
    assert (design.stopping.min_items, design.stopping.max_items, design.stopping.rule) == (20, 60, RULES["certain"])
    assert after["occasion:post_test:rule"] == "certain"


async def test_what_the_bank_lacks_is_said_beside_the_form(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, SAMPLE)
    after = await change(
        sample_client, page, {"occasion:post_test:min:chance": "26", "occasion:post_test:max:chance": "30"}, 422
    )
    assert 'role="alert"' in after
    assert "chance" in after[after.index('role="alert"') :][:400]
    assert sent_of(after)["occasion:post_test:min:chance"] == "26", "what was typed stays in the draft"


async def test_faults_stand_beside_their_entries_in_both_languages(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, SAMPLE)
    typed = {"hours": "many", "occasion:pre_test:max:chance": "1", "title": "<script>alert(1)</script>"}
    after = await change(sample_client, page, typed, 422)
    assert Fields(after).invalid == {"hours", "occasion:pre_test:max:chance"}
    assert "2 entries need another look." in words_of(after)
    assert "<script>alert" not in after
    assert typed.items() <= (sent := sent_of(after)).items()
    assert sent["policy"] == sent_of(page)["policy"], "nothing half-way reaches the document"
    mended = await change(sample_client, after, {"hours": "0.7", "occasion:pre_test:max:chance": "4"})
    assert read_policy(sent_of(mended)["policy"]).title == "<script>alert(1)</script>"
    await sign_in(sample_client, "author")
    sample_client.cookies.set("assay_looks", "language=fr")
    french = await see(sample_client, SAMPLE)
    assert sent_of(french)["hours"] == "0,6"
    said = words_of(await change(sample_client, french, {"hours": "0,65", "occasion:pre_test:max:chance": "1"}, 422))
    sample_client.cookies.clear()
    assert "Une saisie est à revoir." in said
    assert "Ceci doit valoir au moins 2, le minimum." in said


async def test_document_and_form_may_both_be_edited_at_once(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, SAMPLE)
    document = sent_of(page)["policy"].replace('cost = "free"', 'cost = "10"')
    after = sent_of(await change(sample_client, page, {"policy": document, "hours": "0.9"}))
    policy = read_policy(after["policy"])
    assert (policy.disclosure.cost, str(policy.credit.hours)) == ("10", "0.9")
    assert (after["cost"], after["hours"]) == ("10", "0.9")


async def test_an_unreadable_document_loses_nothing_that_was_typed(sample_client: Client) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, SAMPLE)
    broken = await change(sample_client, page, {"policy": "key = ", "hours": "0.9"}, 422)
    sent = sent_of(broken)
    assert (sent["policy"], sent["hours"]) == ("key = ", "0.9")
    assert "policy" in Fields(broken).invalid
    mended = await change(sample_client, broken, {"policy": sent_of(page)["policy"]})
    assert str(read_policy(sent_of(mended)["policy"]).credit.hours) == "0.9"


@pytest.mark.parametrize(
    "hostile",
    [
        "</textarea><script>",
        '"""\n[credit]\nhours="60"',
        "]] = [[",
        "{{ 7*7 }}",
        "%00",
        "x" * 5000,
        "a\u2028b",
        "𝕬" * 150,
        "\x7f",
    ],
)
async def test_hostile_text_stays_text(sample_client: Client, hostile: str) -> None:
    await sign_in(sample_client, "author")
    page = await see(sample_client, SAMPLE)
    fields = {**sent_of(page), "action": "check", "title": hostile, "occasion:post_test:cut_value": hostile}
    answer = await send(sample_client, page, ADDRESS, fields, status=422)
    assert "<script>" not in answer.text.replace("<script ", "")
    assert sent_of(answer.text)["policy"] == sent_of(page)["policy"]
    assert "occasion:post_test:cut_value" in Fields(answer.text).invalid
    alone = await send(
        sample_client,
        page,
        ADDRESS,
        {**sent_of(page), "action": "check", "cost": hostile[:200]},
        status=200 if hostile.isprintable() else 422,
    )
    if hostile.isprintable():
        policy = read_policy(sent_of(alone.text)["policy"])
        assert policy.disclosure.cost == hostile[:200]
        assert str(policy.credit.hours) == "0.6"


async def test_an_author_may_compose_and_check_and_others_publish(sample_client: Client, sample_dsn: str) -> None:
    await sign_in(sample_client, "author")
    fields = {**sent_of(await see(sample_client, SAMPLE)), "hours": "0.8"}
    sample_client.cookies.clear()
    database = Database(sample_dsn)
    signed = {**await learner(database, "an author alone", ("author",)), "Accept": "text/html"}
    await database.close()
    page = await sample_client.get(SAMPLE, headers=signed)
    assert 'value="check"' in page.text
    assert 'value="simulate"' not in page.text
    checked = await sample_client.post(ADDRESS, headers=signed, data={**fields, "action": "check"})
    assert (checked.status_code, sent_of(checked.text)["hours"]) == (200, "0.8")
    for action in ("simulate", "publish"):
        refused = await sample_client.post(ADDRESS, headers=signed, data={**fields, "action": action})
        assert refused.status_code == 403
