"""Migrations in plain SQL: each revision is a .py that names it and a .sql beside it that does it."""

from pathlib import Path

from alembic import op


def run_script(revision_file: str) -> None:
    """Run the .sql beside a revision, all of it or nothing, or print it when Alembic only writes SQL."""
    script = Path(revision_file).with_suffix(".sql").read_text("utf-8")
    if op.get_context().as_sql:
        op.execute(script)
        return
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))
