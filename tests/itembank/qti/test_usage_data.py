"""Statistics and item parameters in QTI usage data: a file states its metric, and curves stay what they were."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.exchange.item_forms import choice_item
from itembank.exchange.parameters.columns import records_of
from itembank.exchange.qti.export import USAGE_DATA, write_package
from itembank.exchange.qti.packages import read_package
from itembank.exchange.qti.usage_data import parameters_of, read_usage_data
from itembank.items import Item, ParameterFacts
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities
from tests.itembank.qti import samples as s

KIND = "imsqti_item_xmlv2p2"
THETA = np.linspace(-6, 6, 49)


def usage(*rows, target="choice", count=500):
    head = '<usageData xmlns="http://www.imsglobal.org/xsd/imsqti_usagedata_v2p2">'
    return head + "".join(
        f'<ordinaryStatistic name="{name}" context="POP" caseCount="{count}" stdError="{error}">'
        f'<targetObject identifier="{target}"/><value>{value}</value></ordinaryStatistic>'
        for name, value, error in rows
    ).__add__("</usageData>")


def with_usage(*files):
    content = {"choice.xml": s.sample("choice"), **{f"u{n}.xml": text.encode() for n, text in enumerate(files)}}
    resources = [
        ("choice", KIND, "choice.xml", ""),
        *((f"U{n}", "qtiusagedata/xml", f"u{n}.xml", "") for n in range(len(files))),
    ]
    return read_package(s.package(content, resources))


def test_statistics_become_parameters_in_the_logistic_metric():
    rows = [("A-Param", 1.0, 0.1), ("B-Param", -0.5, 0.05), ("C-Param", 0.2, 0.02), ("P-Value", 0.7, 0)]
    item = with_usage(usage(*rows, ("Scaling-D", 1.702, 0))).items[0]
    assert item.parameters == ParameterFacts(
        model="3pl",
        discrimination=1.702,
        difficulty=-0.5,
        guessing=0.2,
        standard_error={"discrimination": 0.1 * 1.702, "difficulty": 0.05, "guessing": 0.02},
        population="POP",
        n_responses=500,
    )


@pytest.mark.parametrize(
    ("names", "model"),
    [(["B-Param"], "rasch"), (["A-Param", "B-Param"], "2pl"), (["A-Param", "B-Param", "C-Param", "U-Param"], "4pl")],
)
def test_the_model_follows_from_what_is_stated(names, model):
    assert with_usage(usage(*((name, 0.5, 0) for name in names))).items[0].parameters.model == model


def test_the_larger_population_wins_and_statistics_without_difficulty_are_none():
    small, large = usage(("B-Param", 1, 0), count=10), usage(("B-Param", 2, 0), count=900)
    assert with_usage(large, small).items[0].parameters.difficulty == 2
    assert with_usage(usage(("P-Value", 0.7, 0))).items[0].parameters is None
    assert with_usage(usage(("B-Param", "many", 0))).items[0].parameters is None


def test_statistics_of_distractors_are_not_those_of_the_item():
    text = usage(("B-Param", 1, 0)).replace("<targetObject", '<targetObject partIdentifier="A"')
    assert read_usage_data(text.encode(), "u.xml") == {}


def test_broken_statistics_are_told_and_the_items_come_in():
    package = with_usage("<usageData>")
    assert len(package.items) == 1
    assert "Statistics left out" in package.report.notes[0]


def test_steps_and_thresholds_are_read_in_their_order():
    text = usage(("Step-2", 0.5, 0.1), ("Step-1", -0.5, 0.2), ("A-Param", 2, 0.3))
    facts = parameters_of(read_usage_data(text.encode(), "u.xml")["choice"])
    assert (facts.steps, facts.standard_error["steps"]) == ((-0.5, 0.5), [0.2, 0.1])


def test_a_category_model_follows_from_what_is_stated():
    def model(*rows):
        return parameters_of(read_usage_data(usage(*rows).encode(), "u.xml")["choice"]).model

    assert model(("Threshold-1", -1, 0), ("Threshold-2", 1, 0), ("A-Param", 1, 0)) == "grm"
    assert model(("Step-1", -1, 0), ("Step-2", 1, 0), ("A-Param", 1, 0)) == "gpcm"
    assert model(("Step-1", -1, 0), ("Step-2", 1, 0)) == "pcm"
    assert model(("Slope-1", 0, 0), ("Slope-2", 1, 0), ("Intercept-1", 0, 0), ("Intercept-2", 1, 0)) == "nrm"


def stated_curve(a, b, c, scaling):
    """P(theta) as Birnbaum (1968) writes it with a scaling constant: what a file that states D means."""
    return c + (1 - c) / (1 + np.exp(-scaling * a * (THETA - b)))


def curve(facts):
    return probabilities(ItemParameters.from_records(records_of({"i": facts})), THETA)[0, 1]


def again(parameters, version="3.0"):
    """Parameters by item after a way out into a package and in again, and the metric that it states of each item."""
    formed = choice_item("Which?", ("this", "that"), {"A": 1.0})
    items = [
        Item(key=key, content=formed.content, scoring=formed.scoring, parameters=facts)
        for key, facts in parameters.items()
    ]
    data = write_package(items, {}, version)
    usage_data = zipfile.ZipFile(io.BytesIO(data)).read(USAGE_DATA)
    metric = {key: found.values["Scaling-D"][0] for key, found in read_usage_data(usage_data, "u.xml").items()}
    return {item.key: item.parameters for item in read_package(data).items}, metric


SLOPES, PLACES, GUESSES = (
    st.floats(0.2, 3.0),
    st.floats(-3.0, 3.0),
    st.sampled_from([None, 0.0, 0.2]) | st.floats(0, 0.4),
)


@pytest.mark.parametrize("version", ["2.2", "3.0"])
@pytest.mark.parametrize("scaling", [1.0, 1.7, 1.702])
@settings(max_examples=15, deadline=None)
@given(a=SLOPES, b=PLACES, c=GUESSES)
def test_curves_of_a_stated_metric_stay_on_the_way_through_a_package(version, scaling, a, b, c):
    """2PL and 3PL in the metric of the file, into the bank, out as a package and in again: the same curve to 1e-9."""
    rows = [("A-Param", a, 0.1), ("B-Param", b, 0.1), *([] if c is None else [("C-Param", c, 0.1)])]
    rows += [] if scaling == 1.0 else [("Scaling-D", scaling, 0)]
    first = with_usage(usage(*rows)).items[0].parameters
    assert first.model == ("2pl" if c is None else "3pl")
    expected = stated_curve(a, b, c or 0.0, scaling)
    assert np.max(np.abs(curve(first) - expected)) < 1e-9
    found, metric = again({"choice": first}, version)
    assert metric == {"choice": 1.0}
    assert found["choice"] == first
    assert np.max(np.abs(curve(found["choice"]) - expected)) < 1e-9


@pytest.mark.parametrize("version", ["2.2", "3.0"])
def test_every_model_stays_on_the_way_through_a_package(version):
    parameters = {
        "rasch": ParameterFacts(model="rasch", discrimination=1.0, difficulty=0.3),
        "4pl": ParameterFacts(model="4pl", discrimination=1.3, difficulty=-0.2, guessing=0.1, upper=0.97),
        "grm": ParameterFacts(model="grm", discrimination=1.1, thresholds=(-1.0, 0.1, 1 / 3)),
        "pcm": ParameterFacts(model="pcm", steps=(-0.5, 0.7)),
        "gpcm": ParameterFacts(model="gpcm", discrimination=0.7, steps=(0.5, -0.7)),
        "nrm": ParameterFacts(model="nrm", slopes=(0.0, 0.4, 1.1), intercepts=(0.0, -0.3, 2 / 3)),
    }
    found, metric = again(parameters, version)
    assert metric == dict.fromkeys(parameters, 1.0)
    assert found == parameters


@pytest.mark.parametrize("scaling", [1.0, 1.7])
@pytest.mark.parametrize("c", [None, 0.25])
def test_where_no_slope_is_stated_it_is_one_in_the_metric_of_the_file(scaling, c):
    rows = [("B-Param", 0.4, 0.1), ("Scaling-D", scaling, 0), *([] if c is None else [("C-Param", c, 0.1)])]
    facts = with_usage(usage(*rows)).items[0].parameters
    assert facts.model == ("3pl" if c else "rasch" if scaling == 1.0 else "1pl")
    assert np.max(np.abs(curve(facts) - stated_curve(1.0, 0.4, c or 0.0, scaling))) < 1e-9


def test_slopes_without_a_scaling_are_taken_as_logistic_and_that_is_said():
    slopes = [("A-Param", 1.0, 0.1), ("B-Param", -0.5, 0.05)]
    unstated = with_usage(usage(*slopes))
    assert unstated.items[0].parameters.discrimination == 1.0
    assert any("Scaling-D" in note and "'choice'" in note for note in unstated.report.notes)
    for stated in (usage(*slopes, ("Scaling-D", 1.0, 0)), usage(("B-Param", -0.5, 0.05))):
        assert not any("Scaling-D" in note for note in with_usage(stated).report.notes)
