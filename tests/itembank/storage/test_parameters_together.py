"""Items and the parameters beside them come in together: when the parameters are refused, no item has come in."""

import pytest

from itembank.competencies import Competency, Framework
from itembank.errors import BankError
from itembank.exchange.parameters.columns import ParameterFile
from itembank.exchange.qti.packages import read_package
from itembank.items import ParameterFacts
from itembank.loss_report import LossReport
from itembank.storage import banks, institutions
from itembank.storage.database import Database
from itembank.workflows.import_files import ReadFile, import_files
from tests.itembank.qti import samples as s

FRAMEWORK = Framework(key="f", title="f", competencies=(Competency(key="c", statement="c"),))
RASCH = ParameterFacts(model="rasch", difficulty=0.5)


def package() -> ReadFile:
    found = read_package(s.package_of_samples())
    return found.items, found.assets, found.report


def beside(key: str) -> ParameterFile:
    return ParameterFile(parameters={key: RASCH}, metric="logits", report=LossReport(source="mirt.csv"))


@pytest.mark.parametrize("tried", [False, True], ids=["for good", "tried"])
async def test_parameters_of_no_item_bring_no_item_in(database: Database, database_dsn: str, tried: bool) -> None:
    institution = await institutions.create(database_dsn, "together", "Together")
    for refused in ({"parameters": beside("nobody's item")}, {"with_parameters": True}):
        with pytest.raises(BankError, match="parameters"):
            await import_files(
                database, institution, "b", [package()], framework=FRAMEWORK, dry_run=tried, **refused
            )  # fmt: skip
        async with database.transaction(institution) as connection:
            assert await banks.find(connection, "b") is None


async def test_parameters_of_an_item_come_in_with_it(database: Database, database_dsn: str) -> None:
    institution = await institutions.create(database_dsn, "with-it", "With it")
    items, assets, report = package()
    for tried in (True, False):
        done = await import_files(
            database, institution, "b", [(items, assets, report)], framework=FRAMEWORK, dry_run=tried,
            parameters=beside(items[0].key),
        )  # fmt: skip
        assert done.parameters is not None
        assert (done.parameters.kept is None) is tried
        assert (done.kept["added"], done.result.dry_run) == (len(items), tried)
