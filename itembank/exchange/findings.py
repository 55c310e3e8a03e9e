"""What was found wrong with a file: refused at once, or, when the user says so, reported and skipped."""

from itembank.errors import FileRefused
from itembank.records import Record

MOST_KEPT = 1000


class Problem(Record, frozen=True, kw_only=True):
    """One bad thing and where it stands; `line` is the line number in the file, 0 where there is none."""

    file: str
    sentence: str
    line: int = 0
    column: str = ""

    def __str__(self) -> str:
        place = self.file + (f", line {self.line}" if self.line else "")
        return f"{place}{f', column {self.column!r}' if self.column else ''}: {self.sentence}"


def at_line(line: int) -> str:
    """How a loss report names a place in a file of lines."""
    return f"line {line}" if line else ""


class Findings:
    """Collects problems of one file. Without `skip_bad` the first one refuses the file."""

    def __init__(self, file: str, *, skip_bad: bool) -> None:
        self.file = file
        self.skip_bad = skip_bad
        self.problems: list[Problem] = []
        self.count = 0
        self.notes: list[str] = []

    def bad(self, sentence: str, *, line: int = 0, column: str = "") -> None:
        """Note a problem; raise FileRefused with it unless bad things are to be skipped."""
        problem = Problem(file=self.file, sentence=sentence, line=line, column=column)
        if not self.skip_bad:
            raise FileRefused(str(problem))
        self.count += 1
        if len(self.problems) < MOST_KEPT:
            self.problems.append(problem)

    def refuse(self, sentence: str, *, line: int = 0, column: str = "") -> FileRefused:
        """The error for what cannot be skipped: the caller raises it."""
        cause = f" The first of {self.count} problems: {self.problems[0].sentence}" if self.problems else ""
        return FileRefused(str(Problem(file=self.file, sentence=sentence + cause, line=line, column=column)))

    def note(self, sentence: str) -> None:
        """Something worth knowing that is not wrong."""
        self.notes.append(sentence)
