"""A small share of the sittings of `replay_dispatch`, on demand like all of them."""

import pytest

from tests.recovery.replay_dispatch import main


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_record_and_selections_are_the_same_under_every_instruction_set() -> None:
    assert main(100) == 0
