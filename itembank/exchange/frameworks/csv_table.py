"""Frameworks as a table: key, parent, statement, level, uri, and what else an author may want to say."""

import re
from collections.abc import Iterable

from itembank.competencies import Competency, Crosswalk, Framework, FrameworkInvalid, Resource, check_framework
from itembank.exchange.delimited import Source, source_name
from itembank.exchange.findings import Findings
from itembank.exchange.frameworks.report import FrameworkReport, Ledger
from itembank.exchange.tables import Row, join_bars, read_table, split_bars, write_table
from itembank.records import settled

COLUMNS = ("key", "parent", "statement", "level", "uri", "title", "code", "kind")
LISTS = ("prerequisites", "resources", "can_do")
RESOURCE = re.compile(r"(?P<title>.*?)\s*(?:<(?P<url>[^<>]*)>)?\s*(?:\((?P<minutes>\d+) min\))?$", re.DOTALL)
KINDS = ("exact", "broader", "narrower", "related", "replaced_by", "part_of", "peer")


def read_framework_table(
    source: Source, *, key: str, title: str, levels: tuple[str, ...] = (), name: str = ""
) -> tuple[Framework, FrameworkReport]:
    """A framework from a table; lists are separated by |, a resource reads `Title <https://…> (30 min)`.

    Raises:
        FileRefused: when a row has no key or statement.
        FrameworkInvalid: for a doubled key, an unknown parent or prerequisite, or a circle.
    """
    findings = Findings(source_name(source, name), skip_bad=False)
    table = read_table(source, findings)
    ledger = Ledger()
    for row in table.rows:
        ledger.fields("column", row.cells, (*COLUMNS, *LISTS))
    competencies = tuple(_competency(row, findings) for row in table.rows)
    framework = settled(Framework(key=key, title=title, competencies=competencies, levels=levels))
    check_framework(framework)
    stray = sorted({c.level for c in competencies if c.level and levels and c.level not in levels})
    if stray:
        raise FrameworkInvalid(f"Level '{stray[0]}' is none of {', '.join(levels)}; correct it.")
    return framework, ledger.report(findings.file, len(competencies), 0)


def _competency(row: Row, findings: Findings) -> Competency:
    for column in ("key", "statement"):
        if not row.get(column):
            raise findings.refuse(f"the row has no {column}; give one.", line=row.line, column=column)
    lists = {name: tuple(part.strip() for part in split_bars(row.get(name)) if part.strip()) for name in LISTS}
    return Competency(
        **{name: row.get(name) for name in COLUMNS},
        prerequisites=lists["prerequisites"],
        resources=tuple(resource_of(part) for part in lists["resources"]),
        can_do=lists["can_do"],
    )


def resource_of(text: str) -> Resource:
    """`Title <url> (30 min)` as a resource; url and minutes may be absent, a bare URL is its own title."""
    if re.match(r"https?://\S+$", text):
        return Resource(title=text, url=text)
    parts = RESOURCE.match(text)
    assert parts is not None
    minutes = parts["minutes"]
    title = parts["title"] or parts["url"] or ""
    return Resource(title=title, url=parts["url"] or "", minutes=int(minutes) if minutes else None)


def _resource_text(resource: Resource) -> str:
    link = f" <{resource.url}>" if resource.url else ""
    return resource.title + link + (f" ({resource.minutes} min)" if resource.minutes is not None else "")


def write_framework_table(framework: Framework) -> bytes:
    """The competencies of a framework as a table that reads back equal."""
    rows = []
    for competency in framework.competencies:
        cells = {name: str(getattr(competency, name)) for name in COLUMNS}
        cells["prerequisites"] = join_bars(competency.prerequisites)
        cells["resources"] = join_bars(_resource_text(resource) for resource in competency.resources)
        cells["can_do"] = join_bars(competency.can_do)
        rows.append(cells)
    return write_table((*COLUMNS, *LISTS), rows)


def read_crosswalks(source: Source, *, name: str = "") -> tuple[Crosswalk, ...]:
    """Crosswalks from a table `origin,destination,kind` (kind: exact when empty).

    Raises:
        FileRefused: for a row without origin or destination, or of an unknown kind.
    """
    findings = Findings(source_name(source, name), skip_bad=False)
    crosswalks = []
    for row in read_table(source, findings).rows:
        kind = row.get("kind").lower() or "exact"
        if not row.get("origin") or not row.get("destination"):
            raise findings.refuse("the row lacks origin or destination; give both.", line=row.line)
        if kind not in KINDS:
            raise findings.refuse(f"kind '{kind}' is unknown; write one of {', '.join(KINDS)}.", line=row.line)
        crosswalks.append(
            settled(Crosswalk(origin=row.get("origin"), destination=row.get("destination"), kind=kind))  # type: ignore[arg-type]
        )
    return tuple(crosswalks)


def write_crosswalks(crosswalks: Iterable[Crosswalk]) -> bytes:
    """The table that `read_crosswalks` reads."""
    rows = ({"origin": c.origin, "destination": c.destination, "kind": c.kind} for c in crosswalks)
    return write_table(("origin", "destination", "kind"), rows)
