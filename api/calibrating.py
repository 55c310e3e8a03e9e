"""From answers to a calibration document: parameters with standard errors, fit, and what each item measures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from psychometrics.models.base import ItemParameters


def calibration_document(
    responses: NDArray[Any],
    item_ids: Sequence[str],
    competencies: Mapping[str, str],
    *,
    model: str | dict[str, str],
    tell: Callable[[str], None],
    groups: Sequence[str] | None = None,
    fixed: ItemParameters | None = None,
    priors: Mapping[str, str] | None = None,
    by_competency: bool = False,
    latent: str = "normal",
    estimator: str = "mml",
    fit: bool = True,
) -> dict[str, Any]:
    """The document of answers, (n_persons, n_items) in the order of `item_ids`; `tell` hears how far it is.

    Args:
        competencies: by item; one ability for each of them with `by_competency`, else one for all.

    Raises:
        ValueError: naming the item or the option at fault.
    """
    from psychometrics import calibrate
    from psychometrics.fit import calibration_fit

    result = calibrate(
        responses,
        model,
        item_id=item_ids,
        groups=groups,
        fixed=fixed,
        priors=dict(priors) if priors else None,
        dimensions={item: competencies[item] for item in item_ids} if by_competency else None,
        latent=latent,
        estimator=estimator,
        progress=lambda iteration, log_likelihood: tell(f"iteration {iteration}, log-likelihood {log_likelihood:.3f}"),
    )
    tell("standard errors")
    document = result.to_document()
    for record in document["items"]:
        record["competency"] = competencies.get(record["item_id"], "")
    if fit:
        tell("fit")
        found = calibration_fit(result, responses, groups=groups, fixed=() if fixed is None else fixed.item_id)
        for record, statistics in zip(document["items"], found.to_records()):
            record["fit"] = statistics
    return document
