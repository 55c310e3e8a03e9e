"""Which convention a parameter file follows: told by its caller, or by columns that only one convention has."""

import csv
from typing import Literal

from itembank.errors import FileRefused
from itembank.exchange.parameters.catr import read_catr
from itembank.exchange.parameters.columns import ParameterFile
from itembank.exchange.parameters.csv_json import read_document, read_parameter_table
from itembank.exchange.parameters.mirt import read_mirt
from itembank.exchange.parameters.traditional import read_traditional
from itembank.exchange.parameters.winsteps import LOGITS, Units, read_winsteps_ifile

Convention = Literal["auto", "mirt", "traditional", "winsteps", "catr", "csv", "json"]
CONVENTIONS: tuple[Convention, ...] = ("auto", "mirt", "traditional", "winsteps", "catr", "csv", "json")
START = 8192


def read_parameters(
    data: bytes,
    name: str,
    convention: Convention = "auto",
    *,
    scaling: float | None = None,
    structure: bytes | None = None,
    units: Units = LOGITS,
) -> ParameterFile:
    """Parameters of a file in logits (D = 1), with the fate of each of its items.

    Args:
        data: the file.
        name: what it is called in reports.
        convention: whose file it is; "auto" looks at its columns.
        scaling: D of a traditional or catR file that does not state it.
        structure: Winsteps' structure file (SFILE=) beside its item file.
        units: of the measures in Winsteps' files.

    Raises:
        FileRefused: when the file cannot be read, or its columns fit several conventions.
    """
    chosen = told_by_columns(data, name) if convention == "auto" else convention
    if structure is not None and chosen != "winsteps":
        raise FileRefused(f"A structure file belongs to an item file of Winsteps, but {name} is none.")
    if chosen == "json":
        return read_document(data, name=name)
    if chosen == "traditional":
        return read_traditional(data, scaling=scaling, name=name)
    if chosen == "catr":
        return read_catr(data, scaling=1.0 if scaling is None else scaling, name=name)
    if chosen == "winsteps":
        return read_winsteps_ifile(data, structure=structure, uscale=units.uscale, umean=units.umean, name=name)
    return read_mirt(data, name=name) if chosen == "mirt" else read_parameter_table(data, name=name)


def told_by_columns(data: bytes, name: str) -> Convention:
    """The convention that alone has these columns.

    Raises:
        FileRefused: when there is none, or more than one.
    """
    start = data[:START].lstrip(b"\xef\xbb\xbf \t\r\n").decode("utf-8", "replace")
    if start.startswith("{"):
        return "json"
    first = start.split("\n", 1)[0]
    if "ENTRY" in start.upper() and "MEASURE" in start.upper():
        return "winsteps"
    separator = next((mark for mark in ("\t", ";", ",") if mark in first), ",")
    columns = {cell.strip().lower() for cell in next(csv.reader([first.strip()], delimiter=separator), [])}
    if columns & {"discrimination", "difficulty", "thresholds", "steps", "intercepts"}:
        return "csv"
    if "a1" in columns and columns & {"d", "d0", "d1"}:
        return "mirt"
    if columns & {"alphaj", "alphaj1", "betaj1", "deltaj1"}:
        return "catr"
    if {"a", "b"} <= columns and columns & {"d_constant", "scaling"}:
        return "traditional"
    raise FileRefused(
        f"{name}: its columns ({', '.join(sorted(columns))[:120]}) do not tell whose convention they follow; "
        f"name it: {', '.join(CONVENTIONS[1:])}."
    )
