"""The command line: a verb a file, loaded only when it is called."""

import sys
from importlib import import_module

import click

VERBS = {
    "account": "Make an account, give it a password or an API key, or list accounts.",
    "calibrate": "Estimate item parameters from a response file.",
    "check": "Check whether a bank can satisfy an assessment.",
    "demo": "Serve a sample institution in the browser.",
    "export": "Write a bank as QTI 3.0, QTI 2.2, CSV or JSON Lines.",
    "flags": "Look at finished sittings and list what somebody should look at.",
    "form": "Assemble a fixed form of an occasion, for paper or an assessor.",
    "import": "Bring items and their framework into a bank.",
    "institution": "Make an institution with its first administrator and API key.",
    "migrate": "Bring the database's schema up to date.",
    "move": "Move items to another state of their life, with the reason.",
    "pretest": "Calibrate pretest items from the answers of sittings.",
    "psql": "Open the database in psql.",
    "publish": "Publish an assessment on a bank.",
    "publish-course": "Publish a course made of assessments.",
    "replay": "Recompute scores and decisions from stored answers.",
    "rotate-keys": "Make new signing keys; old credentials stay valid.",
    "responses": "Keep the answers of a field test with their bank.",
    "score": "Estimate abilities from a response file and item parameters.",
    "serve": "Serve the institutions of the database.",
    "simulate": "Simulate a test design before anybody sits it.",
    "verify": "Check a credential file.",
}


class Verbs(click.Group):
    """Knows every verb by name and one line, and imports a verb's file only to run it."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = import_module(f"api.cli.{name.replace('-', '_')}_").command
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option("0.1.0", prog_name="assay")
def assay() -> None:
    """Assessment-only credit: calibrated item banks, adaptive tests, defensible decisions, gap reports.

    Each verb has --help with an example. Exit status: 0 done, 1 refused or failed (one sentence on stderr), 2 usage.
    """


def main() -> None:
    """Run the verb; an error that a person can mend is one sentence and exit status 1."""
    try:
        status = assay(prog_name="assay", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        if not is_for_people(error):
            raise
        print(f"assay: {_one_line(error)}", file=sys.stderr)
        sys.exit(1)


def is_for_people(error: Exception) -> bool:
    """Whether the error's text says what to mend (bad input, a missing file, no database)."""
    return isinstance(error, ValueError | OSError | click.ClickException) or type(error).__name__ in (
        "DatabaseUnavailable",
        "EmbeddedServerError",
    )


def _one_line(error: Exception) -> str:
    text = error.format_message() if isinstance(error, click.ClickException) else str(error)
    if isinstance(error, OSError) and error.filename:
        text = f"{error.filename}: {error.strerror}; check the path."
    return " ".join(text.split())
