"""The schema of the first release."""

from itembank.storage.migrations import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_script(__file__)
