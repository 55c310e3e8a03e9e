"""QTI packages in and out, each beside what any reader must do at least: unzip and parse the same XML.

Run: python -m tests.benchmarks.import_qti [--items 10000]
"""

import argparse
import io
import time
import zipfile
from collections.abc import Callable
from typing import Any

from lxml import etree

from itembank.exchange.qti.export import write_package
from itembank.exchange.qti.packages import Package, read_package
from itembank.scoring import score
from tests.itembank.qti import samples


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def package(n_items: int, version: str) -> bytes:
    """A package of `n_items` items, all kinds of interaction in turn, no two alike."""
    kinds = list(samples.SAMPLES)
    files, resources = dict(samples.FILES), []
    for number in range(n_items):
        kind = kinds[number % len(kinds)]
        text = samples.sample(kind, version).replace(
            f'identifier="{kind}"'.encode(), f'identifier="I{number}"'.encode()
        )
        files[f"items/{number}.xml"] = text.replace(b"images/", b"../images/")
        resources.append(
            (f"I{number}", f"imsqti_item_xml{'v3p0' if version == '3.0' else 'v2p2'}", f"items/{number}.xml", "")
        )
    return samples.package(files, resources)


def unzip_and_parse(data: bytes) -> int:
    """The floor: every member unpacked and every XML file parsed, nothing made of it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        trees = [etree.fromstring(archive.read(name)) for name in archive.namelist() if name.endswith(".xml")]
    return len(trees)


def measure(version: str, n_items: int) -> Package:
    data = package(n_items, version)
    floor, _ = timed(lambda: unzip_and_parse(data))
    seconds, read = timed(lambda: read_package(data))
    assert read.report.counts["imported"] == n_items
    beside = f"{seconds / floor:5.1f} x unzip and parse ({floor:.2f} s)"
    print(f"read  {version}: {n_items / seconds:8.0f} items/s, {beside}")
    seconds, written = timed(lambda: write_package(read.items, read.assets, version))
    print(f"write {version}: {n_items / seconds:8.0f} items/s, {len(written) / 1e6:.1f} MB")
    return read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    n_items = parser.parse_args().items
    measure("2.2", n_items)
    read = measure("3.0", n_items)
    kinds = list(samples.SAMPLES)
    answers = [(item.scoring, samples.answers(kinds[n % len(kinds)])[0][0]) for n, item in enumerate(read.items[:2000])]
    seconds, _ = timed(lambda: [score(scoring, answer) for scoring, answer in answers])
    print(f"score     : {len(answers) / seconds:8.0f} answers/s")


if __name__ == "__main__":
    main()
