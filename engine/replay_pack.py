"""Everything behind one decision in one file that runs: `python3 PACK.pyz` recomputes it with the standard library.

The file is a zip with `pack.json` (answers, probability rows, prior, curves, policy, hashes, sealed log), the program
and the module of exact arithmetic that the product itself scores with.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec

from engine.decisions import Decision, DomainCurve
from engine.policies.records import Policy, policy_bytes, policy_hash
from engine.record import GENESIS, Entry
from engine.replay_program import FROZEN
from itembank.records import Record, canonical, digest

FIXED_DATE = (1980, 1, 1, 0, 0, 0)
"""Zip entries carry a date; a fixed one makes equal packs equal bytes."""


class PackedAnswer(Record, frozen=True, kw_only=True):
    """One answer: what was sent, the category it counts as, and the frozen row of that category.

    `counted`: False for an item that never counts and for a `withdrawn` one, which still makes the sitting long enough.
    """

    position: int
    item: str
    competency: str
    category: int | None
    answer: dict[str, list[str]] | None = None
    content_hash: str = ""
    counted: bool = True
    withdrawn: bool = False
    row: tuple[float, ...] = ()


def build_pack(
    policy: Policy,
    occasion: str,
    sitting: str,
    decision: Decision,
    answers: Sequence[PackedAnswer],
    curve: DomainCurve,
    weights: Sequence[float],
    log: Sequence[Entry],
    competency_curves: Mapping[str, DomainCurve] | None = None,
    *,
    shortest: int = 0,
) -> dict[str, Any]:
    """The pack as plain data.

    Args:
        weights: the prior's, on the nodes of `curve`.
        log: the sealed entries of the attempt up to the decision or beyond.
        shortest: the fewest answers with which the occasion's design lets a sitting pass.
    """
    frozen = {
        "nodes": list(curve.nodes),
        "weights": [float(weight) for weight in weights],
        "percents": list(curve.percents),
        "competency_percents": {key: list(own.percents) for key, own in sorted((competency_curves or {}).items())},
    }
    return {
        "assay": "replay-pack/1",
        "sitting": sitting,
        "occasion": occasion,
        "policy": policy_bytes(policy).decode(),
        "policy_hash": policy_hash(policy),
        "parameter_version": decision.parameter_version,
        "code_version": decision.code_version,
        "shortest": shortest,
        **frozen,
        "frozen_hash": digest(*(json.dumps(frozen[name]).encode() for name in FROZEN)),
        "answers": [_packed(answer) for answer in answers],
        "decision": json.loads(canonical(decision)),
        "log": [{"body": entry.body.decode(), "hash": entry.hash} for entry in log],
        "head": log[-1].hash if log else GENESIS,
    }


def _packed(answer: PackedAnswer) -> dict[str, Any]:
    plain = msgspec.to_builtins(answer)
    row = list(answer.row)
    whole = {"counted": answer.counted, **plain, "row": row}
    return {**whole, "row_hash": digest(json.dumps(row).encode())}


def write_pack(pack: dict[str, Any]) -> bytes:
    """The pack as one runnable file."""
    program = files("engine").joinpath("replay_program.py").read_text(encoding="utf-8")
    arithmetic = files("psychometrics.ability").joinpath("record.py").read_text(encoding="utf-8")
    parts = {
        "__main__.py": program,
        "record.py": arithmetic,
        "pack.json": json.dumps(pack, sort_keys=True, ensure_ascii=False, indent=1),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED_DATE), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()
