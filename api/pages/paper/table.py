"""Marks of many sheets in one table: a row a form, its number first, then one column a question."""

import csv
import io
from collections.abc import Sequence
from uuid import UUID

from engine.storage.papers import Paper
from itembank.errors import FileRefused

LONGEST = 5_000_000


def read_table(data: bytes, out: Sequence[Paper]) -> list[tuple[Paper, list[str]]]:
    """Each form that the table names with its marks, in the order of the questions.

    The first column is `form` (its number) or `learner` (the pseudonym), the others are questions in their order.

    Raises:
        FileRefused: naming the row and what to do.
    """
    rows = _rows(data)
    head, body = [name.strip().casefold() for name in rows[0]], rows[1:]
    if head[0] not in ("form", "learner"):
        raise FileRefused(f"The first column is '{rows[0][0][:40]}'; call it 'form' or 'learner'.")
    known: dict[str, list[Paper]] = {}
    for paper in out:
        known.setdefault(str(paper.uuid) if head[0] == "form" else paper.pseudonym, []).append(paper)
    found: dict[UUID, tuple[Paper, list[str]]] = {}
    for number, row in enumerate(body, 2):
        paper = _paper_of(row[0].strip(), known, number)
        if paper.uuid in found:
            raise FileRefused(f"Row {number} names '{row[0]}' a second time; keep one of the two.")
        found[paper.uuid] = (paper, _marks(row, paper, number))
    return list(found.values())


def _rows(data: bytes) -> list[list[str]]:
    if len(data) > LONGEST:
        raise FileRefused(f"The table has {len(data)} bytes; at most {LONGEST} are taken. Send it in parts.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("The table is not UTF-8; save it as CSV UTF-8.") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise FileRefused("The table has no row below its head; give one row a form.")
    return rows


def _paper_of(name: str, known: dict[str, list[Paper]], number: int) -> Paper:
    papers = known.get(name, [])
    if not papers:
        raise FileRefused(f"Row {number}: no form of '{name[:60]}' is out; see the list of forms that are.")
    if len(papers) > 1:
        raise FileRefused(f"Row {number}: '{name[:60]}' has {len(papers)} forms out; name them by the column 'form'.")
    return papers[0]


def _marks(row: list[str], paper: Paper, number: int) -> list[str]:
    marks = row[1:]
    if any(cell.strip() for cell in marks[paper.n_items :]) or len(marks) < paper.n_items:
        raise FileRefused(
            f"Row {number} has {len(marks)} answers; the form has {paper.n_items} questions. Blank answers need a "
            "column too."
        )
    return marks[: paper.n_items]
