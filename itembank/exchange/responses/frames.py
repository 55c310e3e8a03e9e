"""Blocks of text, or batches of a Parquet file, as polars frames whose columns are named by position: c0, c1, …"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from itembank.exchange.delimited import Block, Layout, read_blocks
from itembank.exchange.findings import Findings

PARQUET_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows and the line (or row number) of each: `lines` is (n_rows,)."""

    frame: pl.DataFrame
    lines: NDArray[np.int64]


def text_batches(
    stream: BinaryIO, layout: Layout, integers: Collection[int], codes: tuple[str, ...], findings: Findings
) -> Iterator[Batch]:
    """The rows after the header; the columns `integers` are int8 when every cell allows it, else text."""
    for block in read_blocks(stream, layout, findings):
        if len(block.lines):
            yield _parse(block, layout, integers, codes, findings)


def _parse(
    block: Block, layout: Layout, integers: Collection[int], codes: tuple[str, ...], findings: Findings
) -> Batch:
    """Fast when all cells are categories; when one is not, the block is read again as text to find it."""
    names = [f"c{position}" for position in range(len(layout.header))]
    fast = {name: pl.Int8 if position in integers else pl.String for position, name in enumerate(names)}
    for schema, nulls in ((fast, list(codes)), (dict.fromkeys(names, pl.String), None)):
        try:
            frame = pl.read_csv(
                block.data, has_header=False, separator=layout.delimiter, schema=schema, null_values=nulls
            )
        except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
            continue
        if frame.height == len(block.lines):
            return Batch(frame.with_columns(pl.col(pl.String).str.strip_chars()), block.lines)
    first, last = int(block.lines[0]), int(block.lines[-1])
    raise findings.refuse(
        f"the quotation marks between here and line {last} cannot be understood; double them inside quoted text.",
        line=first,
    )


def parquet_layout(source: object, findings: Findings) -> Layout:
    """The columns of a Parquet file."""
    try:
        names = pl.read_parquet_schema(source)  # type: ignore[arg-type]
    except (pl.exceptions.ComputeError, OSError) as error:
        raise findings.refuse(f"cannot be read as Parquet ({str(error).splitlines()[0][:80]}).") from None
    return Layout(",", tuple(names))


def parquet_batches(source: object, layout: Layout) -> Iterator[Batch]:
    """The rows of a Parquet file in batches; numbers keep their type, everything else becomes text."""
    lazy = pl.scan_parquet(source)  # type: ignore[arg-type]
    first = 0
    while (frame := lazy.slice(first, PARQUET_ROWS).collect()).height:
        frame.columns = [f"c{position}" for position in range(len(layout.header))]
        frame = frame.with_columns(pl.col(pl.Boolean).cast(pl.Int8))
        text = [name for name, kind in frame.schema.items() if not kind.is_integer()]
        plain = frame.with_columns(pl.col(text).cast(pl.String).str.strip_chars())
        yield Batch(plain, np.arange(first + 1, first + frame.height + 1, dtype=np.int64))
        first += frame.height
