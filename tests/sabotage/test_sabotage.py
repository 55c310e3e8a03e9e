"""Every planted defect still fits the product and names an existing test; one is planted, `-m slow` plants them all."""

import os
from pathlib import Path

import pytest

from tests.sabotage.__main__ import noticed
from tests.sabotage.defects import DEFECTS, Defect

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_the_defect_fits(defect: Defect) -> None:
    for name in defect.files:
        assert defect.right in (ROOT / name).read_text("utf-8")
    path, _, test = defect.test.partition("::")
    assert f"def {test.partition('[')[0]}(" in (ROOT / path).read_text("utf-8")
    assert defect.right != defect.wrong


def test_there_are_enough_of_them() -> None:
    assert len(DEFECTS) >= 15
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS)


def test_one_is_noticed(server_dsn: str) -> None:
    (defect,) = [defect for defect in DEFECTS if defect.name == "nothing is committed"]
    assert noticed(defect, {**os.environ, "ASSAY_TEST_DATABASE_URL": server_dsn})


@pytest.mark.slow
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_all_are_noticed(defect: Defect) -> None:
    assert noticed(defect)
