"""The catalogue's plain words say every rule of every preset, in every language."""

from importlib.resources import files

import msgspec
import pytest

from api.pages.learner.assessment.rules import occasion_rules
from api.pages.words import translator
from engine.messages import LANGUAGES, Language
from engine.policies.documents import read_policy
from engine.policies.gates import Passed
from engine.policies.records import Policy, flat

PRESETS = [path for path in files("engine.presets").iterdir() if path.name.endswith(".toml")]


def policy_of(name: str) -> Policy:
    return next(read_policy(path.read_bytes()) for path in PRESETS if path.name == f"{name}.toml")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", [path.name.removesuffix(".toml") for path in PRESETS])
def test_every_rule_of_every_preset_is_said(preset: str, language: Language) -> None:
    policy = policy_of(preset)
    for occasion in policy.occasions:
        said = occasion_rules(policy, occasion, language, translator(language))
        assert len(said) >= len(occasion.gates) + 2
        assert len(set(said)) == len(said)
        for gate in flat(occasion.gates):
            for number in (getattr(gate, "minutes", 0), getattr(getattr(gate, "period", None), "days", 0)):
                assert not number or any(str(number) in sentence for sentence in said), (gate, said)
        assert all("{" not in sentence and sentence[0].isupper() for sentence in said)


def test_kentucky_reads_as_its_handbook_does() -> None:
    """KCTCS BAS 120: the pre-test once; passing it opens the post-test at once; the post-test earns the credit."""
    policy = policy_of("kctcs")
    before, after = (occasion_rules(policy, part, "en", translator("en")) for part in policy.occasions)
    assert before[0] == "You may start whenever you are ready."
    assert "Passing the pre-test opens the post-test at once." in before
    assert any(sentence.startswith("Passing the post-test earns") for sentence in after)
    assert policy.occasions[0].maximum == 1
    assert "The pre-test can be taken once only." in before
    assert (
        "The post-test can be opened without passing the pre-test: learning since the last test is recorded." in before
    )
    assert "To take it again: learning since the last test is recorded." in after


def test_a_door_that_only_passing_opens_is_said_to_stay_closed() -> None:
    """Stated from a policy whose post-test asks for a passed pre-test and nothing else."""
    text = (files("engine.presets") / "kctcs.toml").read_bytes()
    policy = read_policy(text)
    before, after = policy.occasions
    after = msgspec.structs.replace(after, gates=(Passed(occasion=before.key),))
    policy = msgspec.structs.replace(policy, occasions=(before, after))
    assert "The post-test stays closed until the pre-test is passed." in occasion_rules(
        policy, before, "en", translator("en")
    )
