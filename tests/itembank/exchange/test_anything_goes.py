"""Whatever bytes are handed in, the answer is a result or one sentence: never a traceback."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import BankError
from itembank.exchange.frameworks.case_in import read_case
from itembank.exchange.frameworks.csv_table import read_crosswalks, read_framework_table
from itembank.exchange.frameworks.ctdl import read_ctdl
from itembank.exchange.gift import read_gift
from itembank.exchange.items_file import read_items
from itembank.exchange.json_lines import read_item_lines
from itembank.exchange.moodle import read_moodle
from itembank.exchange.parameters.catr import read_catr
from itembank.exchange.parameters.csv_json import read_document, read_parameter_table
from itembank.exchange.parameters.mirt import read_mirt
from itembank.exchange.parameters.traditional import read_traditional
from itembank.exchange.parameters.winsteps import read_winsteps_ifile
from itembank.exchange.responses import read_item_rules, read_key, read_responses

SEEDS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "wide": (lambda data: read_responses(data, skip_bad=True), b"person_id,q1,q2\np1,1,0\np2,,1\n"),
    "keyed": (lambda data: read_responses(data, key={"q1": "A"}), b"person_id;q1;q2\nKEY;A;B\np1;A;b\n"),
    "long": (lambda data: read_responses(data, skip_bad=True), b"id,item,resp,rt\n1,a,1,2.0\n2,b,NA,\n"),
    "winsteps": (read_responses, b"&INST\nNI=2\nITEM1=3\nNAME1=1\nCODES=01\n&END\na\nb\nEND NAMES\nx 01\n"),
    "items": (read_items, b'item_id,key,stem,options,type\nq,A,"<p>x</p>",1|2,choice\n'),
    "item lines": (read_item_lines, b'{"key":"q","content":{"body":"","interactions":[]},"scoring":{"rule":"none"}}\n'),
    "flat lines": (read_items, b'{"item_id":"q","options":["1","2"],"key":"A","stem":"x","max_score":1}\n'),
    "rules": (read_item_rules, b"item_id,key,max_score\nq,A,2\n"),
    "key": (read_key, b"item_id,key\nq,A|B\n"),
    "moodle": (
        read_moodle,
        b'<quiz><question type="cloze"><name><text>n</text></name><questiontext><text>{1:SA:=x} [[1]]</text>'
        b'</questiontext><answer fraction="100"><text>a</text></answer></question></quiz>',
    ),
    "gift": (read_gift, b"::t:: [html] q {=a ~%50%b#f ->c}\n\n$CATEGORY: x\n\nn {#1..2}\n"),
    "mirt": (read_mirt, b'"","a1","d","g","u","d1"\n"i",1,0,0,1,NA\n'),
    "traditional": (read_traditional, b"item,a,b,c,D\ni,1,0,0.2,1.7\n"),
    "catr": (read_catr, b"item,a,b,c,d\ni,1,0,0.2,1\n"),
    "ifile": (read_winsteps_ifile, b";ENTRY MEASURE ST COUNT NAME\n 1 0.5 1 10 x\n"),
    "document": (
        read_document,
        b'{"assay":"calibration/1","items":[{"item_id":"a","model":"grm","thresholds":[0,1]}]}',
    ),
    "table": (read_parameter_table, b"item_id,model,discrimination,steps\ni,gpcm,1,0|1\n"),
    "case": (
        read_case,
        b'{"CFDocument":{"identifier":"d","title":"t"},"CFItems":[{"identifier":"a","fullStatement":"s"}],'
        b'"CFAssociations":[{"associationType":"isChildOf","originNodeURI":{"identifier":"a"},"destinationNodeURI":"d"}]}',
    ),
    "ctdl": (
        read_ctdl,
        b'{"@graph":[{"@type":"ceasn:CompetencyFramework","@id":"f"},{"@type":"ceasn:Competency","@id":"u/a",'
        b'"ceasn:isChildOf":["u/b"],"ceasn:competencyText":{"en":"x"}}]}',
    ),
    "framework": (lambda data: read_framework_table(data, key="f", title="t"), b"key,parent,statement\na,,x\nb,a,y\n"),
    "crosswalks": (read_crosswalks, b"origin,destination,kind\na,b,exact\n"),
}
MARKS = rb""", ; " '' { } [ ] \ | # = ~ % NA nan inf 1e999 -1 999999999999999999999 < > &lt; null true .. -> ::"""
ODD = [b"\n", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xa8", "²".encode(), "٣".encode(), b" ", b""]
PIECES = st.sampled_from([*MARKS.split(b" "), *ODD])


def attempt(read: Callable[[bytes], object], data: bytes) -> tuple[object, str]:
    """What was read, or the sentence of the refusal."""
    try:
        return read(data), ""
    except BankError as refused:
        return None, str(refused)


@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_a_result_or_a_sentence(name: str, data: st.DataObject) -> None:
    read, seed = SEEDS[name]
    damaged = seed
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged)))
        end = min(len(damaged), start + data.draw(st.integers(0, 6)))
        damaged = damaged[:start] + data.draw(PIECES) + damaged[end:]
    found, refusal = attempt(read, damaged)
    assert found is not None or len(refusal.split()) >= 3


@pytest.mark.parametrize("name", SEEDS)
def test_the_undamaged_file_is_read(name: str) -> None:
    read, seed = SEEDS[name]
    assert read(seed)


@pytest.mark.parametrize("name", SEEDS)
@given(junk=st.binary(max_size=60))
@settings(max_examples=40, deadline=None)
def test_junk_is_refused_or_empty(name: str, junk: bytes) -> None:
    read, _ = SEEDS[name]
    found, refusal = attempt(read, junk)
    assert found is not None or len(refusal.split()) >= 3
