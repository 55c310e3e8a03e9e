"""Damage to packages: flipped bytes, cuts, doubled pieces and bytes that have brought down readers before."""

from __future__ import annotations

import io
import random
import zipfile

import msgspec

from itembank.exchange.qti.export import write_package
from itembank.exchange.qti.packages import read_package
from itembank.items import Item, ParameterFacts
from tests.itembank.qti.samples import package_of_samples

KILLERS = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"<" * 5000, b"&a;" * 50, b"]]>", b'"' * 9, b"../../etc/passwd",
    b"9" * 400, b"-1e999", b"NaN", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"{}" * 9, b"\r\n\r\n", "ı̇ﬁ𝔘".encode(),
)  # fmt: skip
COMPETENCIES = ("reading", "writing")


def sound_packages() -> list[bytes]:
    """Samples by hand in two versions of QTI, and the product's own export with competencies and parameters."""
    package = read_package(package_of_samples())
    items = [_with_facts(item, number) for number, item in enumerate(package.items)]
    return [package_of_samples("2.2"), package_of_samples("3.0"), write_package(items, package.assets)]


def _with_facts(item: Item, number: int) -> Item:
    facts = msgspec.structs.replace(item.facts, competencies=(COMPETENCIES[number % 2],))
    parameters = ParameterFacts(model="2pl", discrimination=1.0 + number / 50, difficulty=number / 10 - 1)
    return msgspec.structs.replace(item, facts=facts, parameters=parameters)


def mutate(package: bytes, rng: random.Random) -> bytes:
    """Damage to the archive, or to files inside a whole archive."""
    if rng.random() < 0.3:
        return damage(package, rng)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        names = source.namelist()
        victims = set(rng.sample(names, rng.randint(1, min(3, len(names)))))
        for name in names:
            data = source.read(name)
            if name in victims:
                if rng.random() < 0.1:
                    continue
                data = damage(data, rng)
            target.writestr(name, data)
    return out.getvalue()


def damage(data: bytes, rng: random.Random) -> bytes:
    """One to four changes: flipped bytes, cuts, doubled or swapped pieces, killer bytes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        length = min(rng.choice((1, 4, 30, 300)), len(changed) - at)
        kind = rng.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del changed[at : at + length]
        elif kind == 2:
            changed[at:at] = changed[at : at + length]
        elif kind == 3:
            changed[at:at] = rng.choice(KILLERS)
        else:
            other = rng.randrange(len(changed) + 1)
            changed[at : at + length] = changed[other : other + length]
    return bytes(changed)
