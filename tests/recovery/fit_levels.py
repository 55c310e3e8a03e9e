"""False alarms of the fit and DIF tests when the model that was estimated is true.

Every data set is drawn from a model, calibrated with that model, and tested; a test at level 0.05 should then reject
about 5 % of the time. Each line prints the rate with its own standard error.

Run: python -m tests.recovery.fit_levels
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from psychometrics import calibrate
from psychometrics.dif import likelihood_ratio_dif, logistic_dif, mantel_haenszel
from psychometrics.fit import calibration_fit, lz_star, m2
from psychometrics.models.base import ItemParameters
from psychometrics.quadrature import normal_grid
from tests.psychometrics.dif.banks import two_groups
from tests.psychometrics.fit.banks import draw

REPLICATIONS, PERSONS = 100, 1000


def bank(model: str, rng: np.random.Generator) -> ItemParameters:
    n_items = 20 if model in ("rasch", "2pl") else 12
    records: list[dict[str, object]] = []
    for i in range(n_items):
        record: dict[str, object] = {"item_id": f"i{i}", "model": model, "discrimination": rng.uniform(0.8, 1.8)}
        if model == "rasch":
            record["discrimination"] = 1.0
        if model in ("rasch", "2pl"):
            record["difficulty"] = rng.normal()
        elif model == "grm":
            record["thresholds"] = np.sort(rng.normal(size=3)).tolist()
        else:
            record["steps"] = rng.normal(size=2).tolist()
        records.append(record)
    return ItemParameters.from_records(records)


def rate(p: NDArray[np.float64]) -> str:
    known = p[np.isfinite(p)]
    return f"{(known < 0.05).mean():.3f} (+- {np.sqrt(0.05 * 0.95 / known.size):.3f})"


def fit_levels(model: str, rng: np.random.Generator) -> None:
    item, whole, person = [], [], []
    for _ in range(REPLICATIONS):
        responses = draw(bank(model, rng), rng.normal(size=PERSONS), rng)
        result = calibrate(responses, model)
        population = normal_grid(mean=result.groups[0].mean, sd=result.groups[0].sd)
        item.append(calibration_fit(result, responses).p)
        statistic = "m2*" if model in ("rasch", "2pl") else "c2"
        whole.append(m2(result.items, responses, statistic=statistic, grid=population).p)
        person.append(lz_star(result.items, responses, grid=population).p)
    parts = (("S-X2", np.concatenate(item)), ("M2 or C2", np.array(whole)), ("lz*", np.concatenate(person)))
    print(f"{model:6}" + "   ".join(f"{name} {rate(p)}" for name, p in parts))


def dif_levels(rng: np.random.Generator) -> None:
    found: dict[str, list[NDArray[np.float64]]] = {"Mantel-Haenszel": [], "logistic": [], "likelihood ratio": []}
    for _ in range(REPLICATIONS // 2):
        responses, group = two_groups(rng, PERSONS, 12, rasch=True, impact=0.5)
        found["Mantel-Haenszel"].append(mantel_haenszel(responses, group, purification=False, continuity=False).p)
        found["logistic"].append(logistic_dif(responses, group, purification=False).p_total)
        found["likelihood ratio"].append(likelihood_ratio_dif(responses, group, purification=False).p)
    print("DIF   " + "   ".join(f"{name} {rate(np.concatenate(p))}" for name, p in found.items()))


def main() -> None:
    rng = np.random.default_rng(8)
    print(f"rejections at 0.05, {PERSONS} persons, {REPLICATIONS} data sets a model")
    for model in ("rasch", "2pl", "grm", "gpcm"):
        fit_levels(model, rng)
    dif_levels(rng)


if __name__ == "__main__":
    main()
