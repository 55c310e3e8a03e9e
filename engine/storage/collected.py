"""What learners answered in a bank's sittings, as calibration wants it."""

from engine.pretest_calibration import CollectedResponse
from itembank.storage.database import Connection
from itembank.storage.sql import load

sql = load(__file__)


async def of_bank(connection: Connection, bank_id: int) -> list[CollectedResponse]:
    """Answers of finished sittings that were not struck, to items that still ask and score what they did then."""
    return [CollectedResponse(**dict(row)) for row in await connection.fetch(sql.of_bank, bank_id)]
