"""A pack recomputes its decision in a bare interpreter, and notices whatever was changed in it."""

import copy
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.decisions import DomainCurve, Posterior, decide_sitting
from engine.events import FirstItemShown, SittingFinished, SittingStarted
from engine.policies import DecisionRule, PercentCut, Policy, StandardSettingCut, ThetaCut, preset
from engine.record import chained
from engine.replay_pack import PackedAnswer, build_pack, write_pack
from engine.replay_program import replay
from psychometrics.ability.record import freeze_table, score_of_record
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from tests.engine.story import Story

NODES = np.linspace(-6, 6, 121)


def pack_of(seed: int, cut: Any, rule: DecisionRule, *, by_competency: bool = False, n: int = 24) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    items = ItemParameters.logistic(rng.lognormal(0.2, 0.3, 60), rng.normal(size=60), np.full(60, 0.2))
    tables = [freeze_table(table) for table in probabilities(items, NODES)]
    weights = np.exp(-(NODES**2) / 2)
    prior = tuple(float(w) for w in weights / weights.sum())
    percents = tuple(float(p) for p in 100 * probabilities(items, NODES)[:, 1].mean(axis=0))
    curve = DomainCurve(nodes=tuple(float(x) for x in NODES), percents=percents)
    picked = rng.choice(60, n, replace=False)
    answers = [
        PackedAnswer(
            position=place, item=f"i{item}", competency="ab"[place % 2], category=int(c), row=tuple(tables[item][c]),
            answer={"RESPONSE": ["A"]},
        )
        for place, (item, c) in enumerate(zip(picked, rng.integers(0, 2, n)))
    ]  # fmt: skip
    own = {"a": ThetaCut(value=-0.5), "b": ThetaCut(value=-1.0)} if by_competency else {}
    base = preset("nocti")
    occasions = (msgspec.structs.replace(base.occasions[0], cut=cut, decision=rule, competency_cuts=own),)
    policy: Policy = msgspec.structs.replace(base, occasions=occasions)

    def posterior(keys: str) -> Posterior:
        rows = [a.row for a in answers if a.competency in keys]
        return Posterior(nodes=curve.nodes, weights=score_of_record(rows, curve.nodes, prior).posterior)

    parts = {key: (posterior(key), curve) for key in "ab"}
    decided = decide_sitting(
        policy,
        "post_test",
        posterior("ab"),
        curve,
        competencies=parts,
        n_items=n,
        parameter_version="p7",
        code_version="1",
    )
    story = Story(policy)
    story.add(SittingStarted(at=story.at("2027-01-04 10:00"), sitting="s1", occasion="post_test"))
    story.add(FirstItemShown(at=story.at("2027-01-04 10:00"), sitting="s1"))
    story.add(SittingFinished(at=story.at("2027-01-04 10:30"), sitting="s1", decision=decided))
    curves = dict.fromkeys(own, curve)
    return build_pack(policy, "post_test", "s1", decided, answers, curve, prior, chained(story.events), curves)


CUTS = [
    (PercentCut(value=60.0), DecisionRule(kind="score")),
    (ThetaCut(value=0.1), DecisionRule(kind="probability", at_least=0.7)),
    (StandardSettingCut(value=58.0, standard_error=2.0, unit="percent"), DecisionRule()),
    (StandardSettingCut(value=0.2, standard_error=0.1), DecisionRule(kind="score")),
]


@pytest.mark.parametrize("by_competency", [False, True])
@pytest.mark.parametrize(("cut", "rule"), CUTS)
def test_every_number_is_recomputed_to_the_last_bit(cut: Any, rule: DecisionRule, by_competency: bool) -> None:
    for seed in range(12):
        assert list(replay(pack_of(seed, cut, rule, by_competency=by_competency))) == []


def test_the_pack_runs_in_a_bare_interpreter(tmp_path: Path) -> None:
    pack = pack_of(3, *CUTS[0])
    path = tmp_path / "sitting.pyz"
    path.write_bytes(write_pack(pack))
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything agrees to the last bit" in done.stdout
    assert repr(pack["decision"]["theta"]) in done.stdout
    assert write_pack(pack) == write_pack(copy.deepcopy(pack))


@pytest.mark.parametrize(
    ("place", "what"),
    [
        (("decision", "theta"), "theta was recorded"),
        (("answers", 3, "row", 60), "the row of item"),
        (("weights", 60), "does not fit its hash"),
        (("percents", 60), "does not fit its hash"),
        (("policy",), "the policy does not fit its hash"),
        (("log", 1, "body"), "entry 1 of the log"),
        (("head",), "the end of the log is missing"),
    ],
)
def test_a_changed_pack_does_not_stand(place: tuple[Any, ...], what: str, tmp_path: Path) -> None:
    pack = pack_of(4, *CUTS[0])
    inner: Any = pack
    for key in place[:-1]:
        inner = inner[key]
    old = inner[place[-1]]
    if isinstance(old, float):
        inner[place[-1]] = float(np.nextafter(old, np.inf))
    else:
        inner[place[-1]] = "0" * 64 if place == ("head",) else old + " "
    found = list(replay(pack))
    assert any(what in problem for problem in found), found
    path = tmp_path / "forged.pyz"
    path.write_bytes(write_pack(pack))
    done = subprocess.run([sys.executable, "-I", "-S", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1


def test_the_pack_holds_everything_and_no_code_of_its_own_data() -> None:
    with zipfile.ZipFile(io.BytesIO(write_pack(pack_of(5, *CUTS[1])))) as archive:
        assert sorted(archive.namelist()) == ["__main__.py", "pack.json", "record.py"]
        pack = json.loads(archive.read("pack.json"))
        program = archive.read("__main__.py").decode()
    imports = re.findall(r"^(?:import|from) (\w+)", program, flags=re.MULTILINE)
    assert set(imports) <= set(sys.stdlib_module_names)
    assert len(pack["answers"]) == 24
    assert pack["answers"][0]["answer"] == {"RESPONSE": ["A"]}
