"""Two server processes behind one address, without anything between: the system spreads the connections."""

from pathlib import Path

from tests.benchmarks.server_stage import (
    PATIENCE,
    free_port,
    listeners,
    service,
    wait_until_listening,
    wait_until_ready,
)
from tests.chaos.learners import answering, wait_for_answers
from tests.chaos.world import World


def test_two_processes_share_an_address_and_either_may_go(world: World, tmp_path: Path) -> None:
    port, shared = free_port(), {"ASSAY_SHARE_PORT": "1"}
    with service(world.dsn, port, tmp_path / "one.log", **shared) as one:
        with service(world.dsn, port, tmp_path / "other.log", **shared) as other:
            wait_until_listening(port, 2)
            wait_until_ready(port, "/health/ready")
            with answering(world.seat(8), [port], 4) as learners:
                wait_for_answers(learners, 2)
                other.kill()
                other.wait()
                wait_for_answers(learners, 3)
        assert listeners(port) == 1
        for _ in range(10):
            wait_until_ready(port, "/health/ready", 5.0)
        assert one.poll() is None


def test_an_address_is_not_shared_with_whoever_does_not_ask_for_it(world: World, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "late.log"
    with service(world.dsn, port, tmp_path / "one.log", ASSAY_SHARE_PORT="1"):
        wait_until_ready(port, "/health/ready")
        with service(world.dsn, port, log) as late:
            assert late.wait(PATIENCE) == 1
    assert "ASSAY_SHARE_PORT" in log.read_text()
