"""Item parameters out and in again: the same curves to 1e-9 in every convention, and foreign files as meant."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import FileRefused, ItemInvalid
from itembank.exchange.parameters.catr import read_catr, write_catr
from itembank.exchange.parameters.columns import ParameterFile, Parameters, records_of
from itembank.exchange.parameters.csv_json import (
    read_document,
    read_parameter_table,
    write_document,
    write_parameter_table,
)
from itembank.exchange.parameters.files import read_parameters
from itembank.exchange.parameters.mirt import read_mirt, write_mirt
from itembank.exchange.parameters.traditional import read_traditional, write_traditional
from itembank.exchange.parameters.winsteps import read_winsteps_ifile, write_winsteps_ifile, write_winsteps_sfile
from itembank.items import ParameterFacts
from psychometrics.models.base import ItemParameters
from psychometrics.models.registry import probabilities

THETA = np.linspace(-6, 6, 49)
SLOPE = st.floats(0.2, 3.0)
PLACE = st.floats(-3.0, 3.0)
FOUR = ("difficulty", "discrimination", "guessing", "upper")
logistic = st.builds(
    lambda a, b, c, u: ParameterFacts(
        model="4pl" if u < 1 else "3pl" if c > 0 else "2pl", discrimination=a, difficulty=b, guessing=c, upper=u
    ),
    SLOPE, PLACE, st.sampled_from([0.0, 0.2]) | st.floats(0.01, 0.4), st.sampled_from([1.0]) | st.floats(0.8, 0.99),
)  # fmt: skip
rasch = st.builds(
    lambda b: ParameterFacts(model="rasch", discrimination=1.0, difficulty=b, guessing=0.0, upper=1.0), PLACE
)
gaps = st.lists(st.floats(0.1, 1.5), min_size=1, max_size=4)
graded = st.builds(
    lambda a, b, g: ParameterFacts(model="grm", discrimination=a, thresholds=tuple(float(x) for x in b + np.cumsum(g))),
    SLOPE, PLACE, gaps,
)  # fmt: skip
partial = st.builds(
    lambda a, steps: ParameterFacts(model="gpcm", discrimination=a, steps=tuple(steps)),
    SLOPE, st.lists(PLACE, min_size=2, max_size=4),
)  # fmt: skip
nominal = st.integers(2, 4).flatmap(
    lambda k: st.builds(
        lambda s, d: ParameterFacts(model="nrm", slopes=(0.0, *s), intercepts=(0.0, *d)),
        st.lists(st.floats(0.1, 2.0), min_size=k, max_size=k),
        st.lists(PLACE, min_size=k, max_size=k),
    )
)
FORMS: dict[str, tuple[Callable[[Parameters], bytes], Callable[[bytes], ParameterFile], object]] = {
    "mirt": (write_mirt, read_mirt, logistic | graded | partial | nominal),
    "traditional": (write_traditional, read_traditional, logistic | graded | partial),
    "normal ogive": (lambda p: write_traditional(p, scaling=1.702), read_traditional, logistic | graded | partial),
    "catr": (write_catr, read_catr, logistic | graded | partial | nominal),
    "winsteps": (write_winsteps_ifile, read_winsteps_ifile, rasch),
    "document": (write_document, read_document, logistic | graded | partial | nominal | rasch),
    "table": (write_parameter_table, read_parameter_table, logistic | graded | partial | nominal | rasch),
}


def curves(parameters: Parameters) -> np.ndarray:
    return probabilities(ItemParameters.from_records(records_of(parameters)), THETA)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_round_trips_give_the_same_curves(form: str, data: st.DataObject) -> None:
    write, read, facts = FORMS[form]
    drawn = data.draw(st.lists(facts, min_size=1, max_size=5))  # type: ignore[call-overload]
    parameters = {f"item {k}": one for k, one in enumerate(drawn)}
    again = read(write(parameters))
    assert again.report.counts["refused"] == 0, again.report.refused
    assert list(again.parameters) == list(parameters)
    assert np.max(np.abs(curves(again.parameters) - curves(parameters))) < 1e-9
    assert again.metric


def test_every_written_file_states_its_metric() -> None:
    one = {"i": ParameterFacts(model="rasch", discrimination=1.0, difficulty=0.5, guessing=0.0, upper=1.0)}
    for form, (write, _, _) in FORMS.items():
        text = write(one).decode()
        assert any(word in text for word in ("D = 1", "UMEAN=0 USCALE=1")), form


def test_mirt_as_r_writes_it() -> None:
    data = (
        b'"","a1","d","g","u","d1","d2","ak0","ak1","ak2","d0"\n'
        b'"Item.1",1.5,-0.75,0.2,1,NA,NA,NA,NA,NA,NA\n'
        b'"Item.2",2,NA,NA,NA,1,-3,NA,NA,NA,NA\n'
        b'"Item.3",2,NA,NA,NA,1,-3,0,1,2,0\n'
        b'"Item.4",0.5,NA,NA,NA,1,-3,0,1.5,2,0\n'
    )
    found = read_mirt(data).parameters
    assert found["Item.1"] == ParameterFacts(model="3pl", discrimination=1.5, difficulty=0.5, guessing=0.2, upper=1.0)
    assert found["Item.2"].thresholds == (-0.5, 1.5)
    assert found["Item.3"].steps == (-0.5, 2.0)
    assert (found["Item.4"].slopes, found["Item.4"].intercepts) == ((0.0, 0.75, 1.0), (0.0, 1.0, -3.0))


def test_the_normal_ogive_metric_is_turned_into_logits() -> None:
    data = b"item_id,a,b,c\ni,1.0,0.3,0.2\n"
    assert read_traditional(data, scaling=1.702).parameters["i"].discrimination == pytest.approx(1.702)
    assert "D" in read_traditional(data).report.refused[0].notes[0]
    stated = read_traditional(b"item_id,a,b,c,D\ni,1.0,0.3,0.2,1.7\n").parameters["i"]
    assert stated.discrimination == pytest.approx(1.7)
    assert "none of 1, 1.7 and 1.702" in read_traditional(b"item_id,a,b,D\ni,1,0,0.95\n").report.refused[0].notes[0]


def test_catr_d_is_the_upper_asymptote() -> None:
    assert read_catr(b"item,a,b,c,d\ni,1.2,0.3,0.1,0.95\n").parameters["i"].upper == 0.95


def test_winsteps_item_file_in_the_user_s_units() -> None:
    data = (
        b"; ITEM FILE FOR a test\n"
        b";ENTRY MEASURE ST COUNT SCORE MODLSE IN.MSQ NAME\n"
        b"     1   55.00  1  100.0  60.0   2.30   1.01  Adding two\n"
        b"     2   45.00  1  100.0  40.0   2.10    .98  Halving\n"
        b"     3   20.00 -1  100.0 100.0    .00   1.00  Trivial\n"
    )
    file = read_winsteps_ifile(data, uscale=10, umean=50)
    assert file.parameters["Adding two"].difficulty == pytest.approx(0.5)
    assert file.parameters["Adding two"].standard_error == {"difficulty": pytest.approx(0.23)}
    assert file.parameters["Halving"].difficulty == pytest.approx(-0.5)
    assert file.report.counts == {"imported": 2, "changed": 0, "refused": 1}
    comma = b'"ENTRY","MEASURE","STTS","NAME"\n1,-0.25,1,"One, two"\n'
    assert read_winsteps_ifile(comma).parameters["One, two"].difficulty == -0.25
    with pytest.raises(FileRefused, match="no header line"):
        read_winsteps_ifile(b"1 2 3\n")
    with pytest.raises(ItemInvalid, match="no Rasch item"):
        write_winsteps_ifile({"i": ParameterFacts(model="2pl", discrimination=1.5, difficulty=0.0)})


IFILE = (
    b";ENTRY MEASURE ST COUNT SCORE MODLSE G M NAME\n"
    b" 1  52.0 1 90.0 95.0 1.5 A R Sketch\n 2  47.0 1 90.0 85.0 1.5 B R Essay\n 3  50.0 1 90.0 88.0 1.5 B R Speech\n"
)


def test_winsteps_structure_files_give_the_steps() -> None:
    """Steps by hand: (measure - 50) / 10 plus the threshold / 10."""
    scale = b"; STRUCTURE-THRESHOLD MEASURE ANCHOR FILE\n; CATEGORY  threshold\n 0 .00 ; bottom\n 1 -8.6\n 2 8.6\n"
    found = read_winsteps_ifile(IFILE, structure=scale, uscale=10, umean=50).parameters
    assert [one.model for one in found.values()] == ["pcm"] * 3
    assert found["Sketch"].steps == pytest.approx((0.2 - 0.86, 0.2 + 0.86))
    assert found["Essay"].steps == pytest.approx((-0.3 - 0.86, -0.3 + 0.86))
    partial = b"STRUCTURE-THRESHOLD ANCHOR FILE\n; ACT CATEGORY\n1 0 .00\n1 1 .00\n2 1 .00\n2 2 -3.0 ; -2.9\n2 3 3.0\n"
    found = read_winsteps_ifile(IFILE, structure=partial, uscale=10, umean=50).parameters
    assert (found["Sketch"].model, found["Sketch"].difficulty) == ("rasch", pytest.approx(0.2))
    assert found["Essay"].steps == pytest.approx((-0.6, 0.0))
    assert found["Speech"].steps == pytest.approx((-0.3, 0.3)), "entry 3 is of the grouping of entry 2"


def test_structure_files_that_do_not_fit_are_refused() -> None:
    alone = IFILE.replace(b" G ", b" X ")
    file = read_winsteps_ifile(alone, structure=b"1 0 0\n1 1 0\n")
    assert file.report.counts == {"imported": 1, "changed": 0, "refused": 2}
    assert "no threshold for entry 2" in file.report.refused[0].notes[0]
    for bad, word in ((b"; nothing\n", "no threshold"), (b"1 2 3 4\n", "line 1"), (b"0 zero\n", "line 1")):
        with pytest.raises(FileRefused, match=word):
            read_winsteps_ifile(IFILE, structure=bad)
    with pytest.raises(FileRefused, match="is none"):
        read_parameters(b"item_id,difficulty,discrimination\ni,0,1\n", "p.csv", structure=b"0 0\n1 0\n")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        rasch
        | st.builds(lambda s: ParameterFacts(model="pcm", steps=tuple(s)), st.lists(PLACE, min_size=2, max_size=5)),
        min_size=1,
        max_size=5,
    )
)
def test_winsteps_files_come_back_together(drawn: list[ParameterFacts]) -> None:
    parameters = {f"item {k}": one for k, one in enumerate(drawn)}
    again = read_winsteps_ifile(write_winsteps_ifile(parameters), structure=write_winsteps_sfile(parameters))
    assert list(again.parameters) == list(parameters)
    assert np.max(np.abs(curves(again.parameters) - curves(parameters))) < 1e-9


BAD_ROWS = [
    (read_parameter_table, "item_id,model,discrimination,difficulty\ni,2pl,1,\n", "both be given"),
    (read_parameter_table, "item_id,model,discrimination,difficulty\ni,5pl,1,0\n", "'5pl' is unknown"),
    (read_parameter_table, "item_id,model,discrimination,difficulty\ni,2pl,one,0\n", "'one' in column"),
    (read_parameter_table, "item_id,model,discrimination,thresholds\ni,grm,1,1|0\n", "must rise"),
    (read_parameter_table, "item_id,discrimination,difficulty,guessing\ni,1,0,1.2\n", "guessing < upper"),
    (read_parameter_table, "item_id,discrimination,difficulty\n,1,0\n", "names no item"),
    (read_parameter_table, "item_id,model\ni,2pl\n", "holds no parameter"),
    (read_mirt, "item,a1,a2,d\ni,1,0.5,0\n", "second dimension"),
    (read_mirt, "item,a1,d\ni,0,0.5\n", "a1 is 0"),
    (read_mirt, "item,a1\ni,1\n", "neither d nor d1"),
    (read_traditional, "item,a,b1,b2,D\ni,1,0,1,1\n", "must say in column 'model'"),
]


@pytest.mark.parametrize(("read", "text", "words"), BAD_ROWS)
def test_bad_rows_are_refused_with_a_reason(read: Callable[[bytes], ParameterFile], text: str, words: str) -> None:
    file = read(text.encode())
    assert not file.parameters
    assert words in file.report.refused[0].notes[0]


def test_documents_that_are_none() -> None:
    for data, words in ((b"[]", "no JSON object"), (b"{}", "no calibration document")):
        with pytest.raises(FileRefused, match=words):
            read_document(data)
    file = read_document(b'{"assay": "calibration/1", "items": [{"item_id": "a", "model": "2pl"}, 7]}')
    assert file.report.counts["refused"] == 2
