"""assay simulate"""

from pathlib import Path

import click

from api.cli.output import json_option, progress, say


@click.command("simulate")
@click.option("--parameters", required=True, type=click.Path(path_type=Path), help="A calibration document.")
@click.option(
    "--design", "designs", required=True, multiple=True, type=click.Path(path_type=Path),
    help="DESIGN.toml or .json; repeat it to compare designs in one report.",
)  # fmt: skip
@click.option(
    "--items", type=click.Path(path_type=Path), help="Items file: levels, types, enemies for content constraints."
)
@click.option("--persons", type=click.IntRange(1), default=10_000, show_default=True, help="Simulated learners.")
@click.option("--seed", type=click.IntRange(0), required=True, help="The same seed gives the same report.")
@click.option("--mean", type=float, default=0.0, show_default=True, help="Mean ability of the population.")
@click.option("--sd", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True)
@click.option(
    "--correlation", type=click.FloatRange(0, 1), default=0.7, show_default=True, help="Between competencies."
)
@click.option("--attempts", type=click.IntRange(1, 20), default=1, show_default=True, help="Sittings of each learner.")
@click.option("--chain", is_flag=True, help="Two designs: pre-test, then for those who pass the post-test.")
@click.option("--responses", type=click.Path(path_type=Path), help="Run the designs on these real answers instead.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="REPORT.json; an .html goes beside it.")
@json_option
def command(output: Path, as_json: bool, **options: object) -> None:
    """Simulate a test design before anybody sits it: length, error, exposure, false credit by distance from the cut.

    Example: assay simulate --parameters calibration.json --design design.toml --seed 1 --output report.json
    """
    from api.cli.simulation_job import simulate_files, write_report

    with progress("Simulating") as tell:
        report = simulate_files(tell=tell, **options)  # type: ignore[arg-type]
        write_report(report, output)
    first = report.designs[0]
    sentence = (
        f"{report.n_persons} learners, {len(report.designs)} design(s); {first.name}: "
        f"{first.length.mean:.1f} items on average, {first.constraint_violations} constraint violations. "
        f"Written to {output}."
    )
    say(report if as_json else None, sentence, as_json)
