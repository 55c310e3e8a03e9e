"""What verbs say: a table or a sentence for people, JSON for programs, progress for the patient."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def say(result: Any, sentence: str, as_json: bool) -> None:
    """Print a result: JSON when asked for, else the sentence."""
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(result), indent=2))
    else:
        click.echo(sentence)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """A status line on a terminal (stderr), silent elsewhere; yields a function that changes its text."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda text: status.update(f"{what}: {text}")
