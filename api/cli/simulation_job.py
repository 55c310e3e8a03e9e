"""From files to a simulation report."""

from collections.abc import Callable, Sequence
from pathlib import Path

from api.cli.calibration_job import read_calibration
from engine.designs import Design, DesignError, read_design
from engine.simulation.report import SimulationReport, report_json
from engine.simulation.run import Population
from engine.simulation.simulate import Bank, simulate, simulate_chain, simulate_on_responses
from itembank.exchange.files import read_items_file
from itembank.exchange.responses import ItemRule, read_responses
from itembank.items import Item
from psychometrics.models.base import ItemParameters


def simulate_files(
    *,
    parameters: Path,
    designs: Sequence[Path],
    items: Path | None,
    persons: int,
    seed: int,
    mean: float,
    sd: float,
    correlation: float,
    attempts: int,
    chain: bool,
    responses: Path | None,
    tell: Callable[[str], None],
) -> SimulationReport:
    """The report of designs on a bank.

    Raises:
        DesignError, BankError: naming the file and what is wrong.
    """
    bank = _bank(parameters, items)
    read = [_design(path) for path in designs]
    population = Population(mean=mean, sd=sd, correlation=correlation)

    def progress(done: int, total: int) -> None:
        tell(f"{done:,} of {total:,}")

    if responses is not None:
        rules = {name: ItemRule(name) for name in bank.items.item_id}
        table = read_responses(responses, items=rules)
        place = {name: index for index, name in enumerate(table.item_ids)}
        columns = [place[name] for name in bank.items.item_id]
        return simulate_on_responses(read, bank, table.responses[:, columns], seed=seed, progress=progress)
    if chain:
        if len(read) != 2:
            raise DesignError("--chain needs two designs: first the pre-test's, then the post-test's.")
        return simulate_chain(
            read[0], read[1], bank, n_persons=persons, seed=seed, population=population, progress=progress
        )
    return simulate(
        read, bank, n_persons=persons, seed=seed, population=population, attempts=attempts, progress=progress
    )


def _design(path: Path) -> Design:
    try:
        return read_design(path.read_bytes(), format="json" if path.suffix.lower() == ".json" else "toml")
    except DesignError as error:
        raise DesignError(f"{path}: {error}") from None


def _bank(parameters: Path, items: Path | None) -> Bank:
    document = read_calibration(parameters)
    columns = ItemParameters.from_records(document["items"])
    if items is None:
        competency = [str(record.get("competency") or "") for record in document["items"]]
        return Bank(items=columns, competency=competency if any(competency) else None)
    known = {item.key: item for item in read_items_file(items)[0]}
    rows = [known.get(name) for name in columns.item_id]
    return Bank(
        items=columns,
        competency=[row.facts.competencies[0] if row and row.facts.competencies else "" for row in rows],
        attributes=attributes_of(rows),
    )


def attributes_of(rows: Sequence[Item | None]) -> dict[str, tuple[str | float | None, ...]]:
    """What content constraints may name, by item."""
    return {
        "level": tuple(row.facts.level or None if row else None for row in rows),
        "type": tuple(row.facts.item_type or None if row else None for row in rows),
        "words": tuple(float(row.facts.word_count) if row else 0.0 for row in rows),
        "seconds": tuple(row.facts.usual_seconds or 0.0 if row else 0.0 for row in rows),
        "stimulus": tuple(row.content.stimulus_key or None if row else None for row in rows),
        "enemy_of": tuple("|".join(row.facts.enemies) or None if row else None for row in rows),
    }


def write_report(report: SimulationReport, output: Path) -> None:
    """Write the report as JSON, and as HTML beside it."""
    from api.reports import render_simulation

    output.write_bytes(report_json(report) + b"\n")
    output.with_suffix(".html").write_text(render_simulation(report), "utf-8")
