"""Recompute a score and its decision from a pack: python3 PACK. Needs Python 3.11 and nothing else.

The pack holds the answers, the frozen probability rows of the categories given, prior, domain curve, policy and the
sealed log. This program rebuilds the chain of hashes, the posterior, the score, its probability above the cut and the
decision, and compares every number with the one that was recorded, to the last bit.
"""

import hashlib
import json
import math
import sys
import zipfile
from pathlib import Path
from typing import Any

try:
    from psychometrics.ability.record import probability_above, score_of_record
except ImportError:  # inside a pack the module of exact arithmetic lies next to this one
    from record import probability_above, score_of_record  # type: ignore[import-not-found, no-redef]

COMPARED = (
    "theta", "sem", "percent", "percent_error", "cut_theta", "cut_percent", "margin", "standard_error", "probability",
    "decision_error", "passed",
)  # fmt: skip
FROZEN = ("nodes", "weights", "percents", "competency_percents")


def digest(*parts: bytes) -> str:
    """SHA-256 over length-prefixed parts."""
    running = hashlib.sha256()
    for part in parts:
        running.update(len(part).to_bytes(8, "big"))
        running.update(part)
    return running.hexdigest()


def check_chain(pack: dict[str, Any]) -> list[str]:
    """What is wrong with the sealed log."""
    previous = "0" * 64
    for position, entry in enumerate(pack["log"]):
        sealed = digest(previous.encode(), position.to_bytes(8, "big"), entry["body"].encode())
        if sealed != entry["hash"]:
            return [f"entry {position} of the log does not fit its hash"]
        previous = sealed
    return [] if previous == pack["head"] else ["the end of the log is missing"]


def check_hashes(pack: dict[str, Any]) -> list[str]:
    """What is wrong with the policy, the rows and the decision in the log."""
    found = []
    if digest(pack["policy"].encode()) != pack["policy_hash"]:
        found.append("the policy does not fit its hash")
    if digest(*(json.dumps(pack[name]).encode() for name in FROZEN)) != pack["frozen_hash"]:
        found.append("the prior or a domain curve does not fit its hash")
    for answer in pack["answers"]:
        if answer["counted"] and digest(json.dumps(answer["row"]).encode()) != answer["row_hash"]:
            found.append(f"the row of item {answer['item']} does not fit its hash")
    events = [json.loads(entry["body"]) for entry in pack["log"]]
    sealed = [e for e in events if e.get("sitting") == pack["sitting"] and "decision" in e]
    if not sealed or sealed[-1]["decision"] != pack["decision"]:
        found.append("the decision is not the one sealed in the log")
    opened = [e for e in events if e.get("event") == "attempt_opened"]
    if not opened or opened[0].get("policy_hash") != pack["policy_hash"]:
        found.append("the policy is not the one the attempt was opened under")
    return found


def interpolate(x: float, xs: list[float], ys: list[float]) -> float:
    """The value at x on straight lines between points."""
    if x <= xs[0]:
        return ys[0]
    for left in range(len(xs) - 1):
        if x <= xs[left + 1]:
            return ys[left] + (ys[left + 1] - ys[left]) * ((x - xs[left]) / (xs[left + 1] - xs[left]))
    return ys[-1]


def mean_and_sd(values: list[float], weights: list[float]) -> tuple[float, float]:
    """Mean and standard deviation under weights."""
    total = math.fsum(weights)
    mean = math.fsum(w * x for w, x in zip(weights, values)) / total
    variance = math.fsum(w * (x - mean) * (x - mean) for w, x in zip(weights, values)) / total
    return mean, math.sqrt(variance)


def resolve(cut: dict[str, Any], nodes: list[float], percents: list[float]) -> tuple[float, float, float, bool]:
    """The cut in theta, in percent, its standard error in logits, and whether it was set in percent."""
    in_percent = cut["scale"] == "percent" or cut.get("unit", "theta") == "percent"
    error = float(cut.get("standard_error", 0.0))
    if not in_percent:
        return float(cut["value"]), interpolate(cut["value"], nodes, percents), error, False
    theta = interpolate(cut["value"], percents, nodes)
    if error:
        step = nodes[1] - nodes[0]
        rise = interpolate(theta + step, nodes, percents) - interpolate(theta - step, nodes, percents)
        error = error / (rise / (2 * step))
    return theta, float(cut["value"]), error, True


def judge(
    rows: list[list[float]], pack: dict[str, Any], percents: list[float], cut: dict[str, Any], rule: dict[str, Any]
) -> dict[str, Any]:
    """Score and verdict for one cut."""
    nodes = pack["nodes"]
    weights = list(score_of_record(rows, nodes, pack["weights"]).posterior)
    theta, sem = mean_and_sd(nodes, weights)
    percent, percent_error = mean_and_sd(percents, weights)
    cut_theta, cut_percent, cut_error, in_percent = resolve(cut, nodes, percents)
    probability = probability_above(weights, nodes, cut_theta)
    if rule.get("kind", "probability") == "probability":
        passed = probability >= rule.get("at_least", 0.65)
    else:
        passed = percent >= cut_percent if in_percent else theta >= cut_theta
    return {
        "theta": theta, "sem": sem, "percent": percent, "percent_error": percent_error, "cut_theta": cut_theta,
        "cut_percent": cut_percent, "margin": theta - cut_theta,
        "standard_error": math.sqrt(sem * sem + cut_error * cut_error), "probability": probability, "passed": passed,
    }  # fmt: skip


def recompute(pack: dict[str, Any]) -> dict[str, Any]:
    """The decision from the answers."""
    occasion = next(o for o in json.loads(pack["policy"])["occasions"] if o["key"] == pack["occasion"])
    rule = occasion.get("decision", {})
    counted = [answer for answer in pack["answers"] if answer["counted"]]
    n_given = sum(answer["counted"] or answer.get("withdrawn", False) for answer in pack["answers"])
    result = judge([answer["row"] for answer in counted], pack, pack["percents"], occasion["cut"], rule)
    overall, deserved = result["passed"], [result["probability"]]
    for competency, cut in occasion.get("competency_cuts", {}).items():
        rows = [answer["row"] for answer in counted if answer["competency"] == competency]
        part = judge(rows, pack, pack["competency_percents"][competency], cut, rule)
        deserved.append(part["probability"])
        overall = overall and (part["passed"] or not rule.get("every_competency", True))
    overall = overall and n_given >= pack.get("shortest", 0)
    error = 1 - min(deserved) if overall else min(deserved)
    return {**result, "passed": overall, "decision_error": error}


def replay(pack: dict[str, Any]) -> list[str]:
    """Everything that does not agree; empty when the record stands."""
    found = check_chain(pack) + check_hashes(pack)
    again = recompute(pack)
    for name in COMPARED:
        recorded = pack["decision"][name]
        if recorded != again[name]:
            found.append(f"{name} was recorded as {recorded!r}, recomputed as {again[name]!r}")
    return found


def main(path: str) -> int:
    """Print what was recomputed; 0 when all agrees, 1 when not."""
    with zipfile.ZipFile(path) as archive:
        pack = json.loads(archive.read("pack.json"))
    again, found = recompute(pack), replay(pack)
    print(f"Sitting {pack['sitting']}, {pack['occasion']}, policy {pack['policy_hash'][:12]}")
    for name in COMPARED:
        print(f"  {name:15} {again[name]!r}")
    for problem in found:
        print(f"DIFFERS: {problem}")
    print("The record does not stand." if found else "Recomputed from the answers; everything agrees to the last bit.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(str(Path(__file__).parent) if len(sys.argv) < 2 else sys.argv[1]))
