"""assay score"""

from pathlib import Path

import click

from api.cli.output import json_option, progress, say


@click.command("score")
@click.argument("responses", type=click.Path(path_type=Path))
@click.option("--parameters", required=True, type=click.Path(path_type=Path), help="A calibration document.")
@click.option("--method", type=click.Choice(["eap", "map", "mle", "wle"]), default="eap", show_default=True)
@click.option("--group", help="The column that tells groups apart, when the calibration has several.")
@click.option(
    "--key", type=click.Path(path_type=Path), help="File item_id,key: the cells of these items are raw choices."
)
@click.option("--omit-as-wrong", is_flag=True, help="Score an empty cell 0 instead of leaving it out.")
@click.option("--skip-bad", is_flag=True, help="Report bad cells and rows and go on without them.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="SCORES.csv")
@json_option
def command(
    responses: Path,
    parameters: Path,
    method: str,
    group: str | None,
    key: Path | None,
    omit_as_wrong: bool,
    skip_bad: bool,
    output: Path,
    as_json: bool,
) -> None:
    """Estimate the ability of every person from a response file and item parameters.

    eap and map take the population of the calibration as prior; mle and wle stay within [-6, 6].

    Example: assay score responses.csv --parameters calibration.json --method wle --output scores.csv
    """
    from api.cli.scoring_job import score_file, write_scores

    with progress("Scoring"):
        scores = score_file(
            responses, parameters, method, group=group, key=key, omit_as_wrong=omit_as_wrong, skip_bad=skip_bad
        )
        write_scores(scores, output)
    settled = sum(status == "converged" for status in scores["status"])
    sentence = f"{len(scores['person_id'])} persons scored by {method}, {settled} without remark. Written to {output}."
    say({"n_persons": len(scores["person_id"]), "output": str(output)}, sentence, as_json)
