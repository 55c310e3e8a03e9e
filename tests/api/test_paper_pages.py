"""The page of paper forms: who may, handing out, the sheet without keys, the marks one by one and from a table."""

import base64
import hashlib
import re

import pytest

from itembank.storage import accounts, institutions
from itembank.storage.database import Database
from tests.api.browsing import HTML, Client, see, send, sign_in, words_of

NUMBER = re.compile(r"/papers/([0-9a-f-]{36})/sheet")


async def put_out(client: Client, n_learners: int = 1, form: str = "print") -> list[str]:
    """Hand the post-test out to learners who may begin it; the numbers of their forms."""
    page = await see(client, "/papers")
    before = set(NUMBER.findall(page))
    ready = re.findall(r'name="attempt" value="([0-9a-f-]{36})"', page)
    assert len(ready) >= n_learners, "the sample has too few learners who may begin the post-test"
    chosen = {"attempt": ready[:n_learners], "occasion": "post_test", "form": form}
    await send(client, page, "/papers", chosen)
    return [number for number in NUMBER.findall(await see(client, "/papers")) if number not in before]


@pytest.mark.parametrize(("role", "status"), [("learner", 403), (None, 401), ("advisor", 200), ("author", 200)])
async def test_only_advisors_and_registrars_may_look(sample_client: Client, role: str | None, status: int) -> None:
    """The demonstration's author is its registrar as well."""
    sample_client.cookies.clear()
    if role is not None:
        await sign_in(sample_client, role)
    answer = await sample_client.get("/papers", headers=HTML)
    assert answer.status_code == status


async def test_the_sheet_is_for_the_printer_and_holds_no_key(sample_client: Client) -> None:
    await sign_in(sample_client, "advisor")
    (number,) = await put_out(sample_client, form="large_print")
    answer = await sample_client.get(f"/papers/{number}/sheet", headers={"Accept": "text/html"})
    sheet = answer.text
    assert sheet.count("<li>") >= 25
    assert '<body class="large_print">' in sheet
    assert not re.search(r"<[^>]*\bchecked\b", sheet)
    for secret in ("discrimination", "difficulty", "rationale", "averages-"):
        assert secret not in sheet
    style = re.search(r"<style>(.*?)</style>", sheet, re.DOTALL)
    assert style is not None
    allowed = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"style-src 'sha256-{allowed}'" in answer.headers["content-security-policy"]
    await see(sample_client, f"/papers/{number}/key", 403)


async def test_marks_are_entered_one_by_one_and_shown_again_where_they_cannot_be(
    sample_client: Client, sample_database: Database
) -> None:
    await sign_in(sample_client, "advisor")
    (number,) = await put_out(sample_client)
    address = f"/papers/{number}"
    page = await see(sample_client, address)
    assert page.count('name="mark"') == 25
    lettered = page.index("(A to") < page.index('name="mark"')
    wrong = ["?!Z"] * 25 if lettered else ["Z"] * 25
    told = await send(sample_client, page, address, {"mark": wrong}, status=422)
    assert "cannot be read" in told.text
    assert "aria-invalid" in told.text
    await send(sample_client, page, address, {"mark": [""] * 25})
    assert number not in await see(sample_client, "/papers")
    await see(sample_client, address, 404)


async def test_a_table_enters_a_group_or_nothing(sample_client: Client, sample_database: Database) -> None:
    await sign_in(sample_client, "advisor")
    first, second = await put_out(sample_client, 2)
    page = await see(sample_client, "/papers")
    blank = ";" * 25
    half = f"form;{';'.join(map(str, range(1, 26)))}\n{first}{blank}\n{second};?Z{';' * 24}\n".replace("?Z", "A,A,A,A")
    broken = half.replace(second, "somebody")
    files = {"file": ("answers.csv", broken.encode(), "text/csv")}
    refused = await send(sample_client, page, "/papers/table", {}, files=files, status=422)
    assert "Row 3: no form of" in refused.text
    assert first in await see(sample_client, "/papers")
    good = f"form;{';'.join(map(str, range(1, 26)))}\n{first}{blank}\n{second}{blank}\n"
    files = {"file": ("answers.csv", good.encode(), "text/csv")}
    done = await send(sample_client, page, "/papers/table", {}, files=files, status=200)
    assert "The answers of 2 forms were entered" in words_of(done.text)
    assert first not in NUMBER.findall(done.text)


async def test_a_registrar_sees_the_right_answers_apart(sample_client: Client, sample_database: Database) -> None:
    await sign_in(sample_client, "advisor")
    (number,) = await put_out(sample_client)
    number_of = await institutions.find(sample_database, "sample")
    assert number_of is not None
    async with sample_database.transaction(number_of) as connection:
        made = await accounts.create(connection, number_of, "paper registrar", ["registrar"], "R")
        secret = await accounts.add_key(connection, number_of, made, "test")
    sample_client.cookies.clear()
    headers = {"Authorization": f"Bearer {secret}", "Accept": "text/html"}
    answer = await sample_client.get(f"/papers/{number}/key", headers=headers)
    assert answer.status_code == 200
    cells = re.findall(r'<th scope="row">\d+</th><td>[^<]+</td><td>([^<]+)</td>', answer.text)
    assert len(cells) == 25
    assert all(cell == "–" or re.fullmatch(r"[A-F]( [A-F])*|-?[\d.]+.*", cell) for cell in cells)
