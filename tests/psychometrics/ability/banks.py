"""Banks of every model at random parameters, and answers drawn from them."""

import numpy as np

from psychometrics.arrays import MISSING
from psychometrics.models.base import Array, ItemParameters
from psychometrics.models.registry import probabilities

MODELS = ("rasch", "1pl", "2pl", "3pl", "4pl", "pcm", "gpcm", "grm", "nrm")


def random_record(model: str, item_id: str, rng: np.random.Generator) -> dict[str, object]:
    slope = 1.0 if model in ("rasch", "pcm") else float(rng.lognormal(0.1, 0.4))
    record: dict[str, object] = {"item_id": item_id, "model": model, "discrimination": slope}
    places = np.sort(rng.normal(0.0, 1.2, int(rng.integers(2, 5))))
    if model in ("pcm", "gpcm"):
        record["steps"] = rng.permutation(places).tolist()
    elif model == "grm":
        record["thresholds"] = (places + 0.05 * np.arange(len(places))).tolist()
    elif model == "nrm":
        record["slopes"] = [0.0, *rng.normal(0.6, 1.0, len(places))]
        record["intercepts"] = [0.0, *rng.normal(0.0, 1.0, len(places))]
    else:
        record["difficulty"] = float(rng.normal(0.0, 1.2))
        record["guessing"] = float(rng.uniform(0.05, 0.3)) if model in ("3pl", "4pl") else 0.0
        record["upper"] = float(rng.uniform(0.85, 0.99)) if model == "4pl" else 1.0
    return record


def random_bank(models: tuple[str, ...], n_items: int, rng: np.random.Generator) -> ItemParameters:
    """Items whose models take turns."""
    return ItemParameters.from_records(
        [random_record(models[i % len(models)], f"{models[i % len(models)]}_{i}", rng) for i in range(n_items)]
    )


def draw_responses(items: ItemParameters, theta: Array, rng: np.random.Generator, missing: float = 0.0) -> Array:
    """Answers of persons at theta, a share of them not administered."""
    cumulative = np.cumsum(probabilities(items, theta), axis=1)
    category = (rng.random((len(items), 1, len(theta))) > cumulative).sum(axis=1).T
    category = np.minimum(category, items.n_categories - 1)
    return np.where(rng.random(category.shape) < missing, MISSING, category).astype(np.int8)


def naive_probabilities(items: ItemParameters, place: int, theta: float) -> Array:
    """One item's category probabilities straight from the textbook: (n_categories,)."""
    model, n = items.model[place], int(items.n_categories[place])
    a, b = items.discrimination[place], items.difficulty[place]
    if model == "grm":
        reach = 1 / (1 + np.exp(-a * (theta - items.thresholds[place, : n - 1])))
        return -np.diff(np.concatenate([[1.0], reach, [0.0]]))
    if model in ("pcm", "gpcm", "nrm"):
        if model == "nrm":
            z = items.slopes[place, :n] * theta + items.intercepts[place, :n]
        else:
            z = np.concatenate([[0.0], np.cumsum(a * (theta - items.steps[place, : n - 1]))])
        return np.exp(z) / np.exp(z).sum()
    c = items.guessing[place] if model in ("3pl", "4pl") else 0.0
    d = items.upper[place] if model == "4pl" else 1.0
    right = c + (d - c) / (1 + np.exp(-a * (theta - b)))
    return np.array([1 - right, right])


def naive_log_likelihood(items: ItemParameters, answers: Array, theta: float) -> float:
    """Sum of the logs of the probabilities of one person's answers."""
    return float(
        sum(np.log(naive_probabilities(items, i, theta)[int(x)]) for i, x in enumerate(answers) if int(x) != MISSING)
    )
