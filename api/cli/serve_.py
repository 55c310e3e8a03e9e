"""assay serve"""

import gc

import click

from api.settings import from_environment


@click.command("serve")
def command() -> None:
    """Serve the institutions of the database (an embedded one in ASSAY_DATA, or DATABASE_URL).

    Example: ASSAY_PORT=9000 assay serve
    """
    gc.disable()  # nothing is thrown away while modules load; `run` turns it on again
    from api.serving import run

    settings = from_environment()
    click.echo(f"Assay at {settings.public_url}  (Ctrl-C ends it)")
    run(settings)
