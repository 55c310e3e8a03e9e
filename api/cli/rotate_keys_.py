"""assay rotate-keys"""

import click

from api.cli.institutions import institution_option, with_institution
from api.cli.output import json_option, say
from engine.workflows.issue_credential import rotate_keys


@click.command("rotate-keys")
@institution_option
@json_option
def command(institution: str, as_json: bool) -> None:
    """Make new signing keys for credentials; what was signed before stays valid.

    Example: assay rotate-keys --institution riverside
    """
    with_institution(institution, rotate_keys)
    say({"institution": institution, "rotated": True}, f"Institution {institution} signs with new keys.", as_json)
