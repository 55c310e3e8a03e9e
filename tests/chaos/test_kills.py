"""A few kills with ./run test -m slow; five hundred with ./run chaos."""

import pytest

from tests.chaos.kills import kill_series

pytestmark = pytest.mark.slow


def test_no_acknowledged_answer_is_lost_or_doubled() -> None:
    killed = kill_series(6, n_learners=6)
    verdict = killed.verdict
    assert (killed.servers, killed.databases) == (3, 3)
    assert killed.retries > 0
    assert verdict.acknowledged > 50
    assert verdict.is_clean, verdict


def test_the_harness_sees_loss() -> None:
    """The control: acknowledged before it is on disk, a part of the answers is gone after a kill of the database."""
    killed = kill_series(2, n_learners=4, only_database=True, synchronous_commit="off", wal_writer_delay="10s")
    assert killed.verdict.lost > 0
    assert not killed.verdict.is_clean
