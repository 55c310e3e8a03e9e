"""Whatever speaks in a server comes out as a line of JSON, and no value of a person with it."""

import json
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from api.logs import described, without_values

ROOT = Path(__file__).parents[2]
SECRETS = ("Jane", "jane@example.org", "assay_0123456789", "31415926")
NOISE = """
import gc, logging, sys, threading, warnings
from api.logs import log, name_request, take_over
take_over()
name_request("from-a-proxy.1")
warnings.warn("resource of 'Jane Doe' <jane@example.org> was left open\\nJane Doe again", ResourceWarning)
logging.getLogger("asyncpg").warning("the connection of %s is released with a listener", "Jane")
logging.getLogger("asyncio").error("Task exception was never retrieved\\nfuture: <Task exception=ValueError('Jane')>")
refused = ValueError("the key assay_0123456789")
logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=refused)
logging.getLogger("asyncio").info("nobody wants to know")
thread = threading.Thread(target=lambda: int("Jane"))
thread.start()
thread.join()
class Odd:
    def __del__(self): raise KeyError("Jane")
Odd(); gc.collect()
try:
    try:
        {}["Jane"]
    except KeyError as error:
        raise LookupError("nobody is called (Jane) with number 31415926") from error
except LookupError:
    log.exception("request failed", path="/api/v1/me")
"""


def test_everything_is_a_line_of_json_and_nothing_names_a_person() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", NOISE], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["event"] for line in lines] == [
        "a library warns", "a library speaks", "a library speaks", "a library speaks", "a thread ended with an error",
        "an error that nobody could catch", "request failed",
    ]  # fmt: skip
    assert not [secret for secret in SECRETS if secret in done.stdout]
    warned, listener, task, uvicorn, _, _, failed = lines
    assert warned["kind"] == "ResourceWarning"
    assert (listener["logger"], listener["level"]) == ("asyncpg", "warning")
    assert task["sentence"] == "Task exception was never retrieved"
    assert (uvicorn["level"], uvicorn["exception"]["type"]) == ("error", "ValueError")
    assert failed["request_id"] == "from-a-proxy.1"
    assert failed["exception"]["type"] == "LookupError"
    assert failed["exception"]["at"]
    assert failed["exception"]["after"]["type"] == "KeyError"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ('invalid input syntax for type uuid: "Jane"', "invalid input syntax for type uuid: …"),
        ("Key (name)=(Jane Doe) already exists.", "Key …=… already exists."),
        ("the answer of jane@example.org", "the answer of …"),
        ("there's no item here", "there's no item here"),
        ("an unfinished 'Jane", "an unfinished …"),
        ("first\nsecond", "first"),
    ],
)
def test_sentences_lose_what_they_quote(said: str, kept: str) -> None:
    assert without_values(said) == kept


async def test_a_row_that_the_database_refuses_is_not_in_the_log(server_dsn: str) -> None:
    connection = await asyncpg.connect(server_dsn)
    try:
        await connection.execute(
            "CREATE TEMPORARY TABLE person (name text PRIMARY KEY); INSERT INTO person VALUES ('Jane')"
        )
        with pytest.raises(asyncpg.UniqueViolationError) as caught:
            await connection.execute("INSERT INTO person VALUES ('Jane')")
    finally:
        await connection.close()
    assert "Jane" in str(caught.value)
    told = described(caught.value)
    assert "Jane" not in json.dumps(told)
    assert (told["sqlstate"], told["constraint_name"]) == ("23505", "person_pkey")
