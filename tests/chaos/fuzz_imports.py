"""Mutated packages: whatever comes in, the answer is a bank's items or one sentence, and never half an import."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field

from itembank.errors import BankError
from itembank.exchange.files import read_items_bytes
from itembank.items import Item
from tests.itembank.qti.samples import package_of_samples

KILLERS = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"<" * 5000, b"&a;" * 50, b"]]>", b'"' * 9, b"../../etc/passwd",
    b"9" * 400, b"-1e999", b"NaN", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"{}" * 9, b"\r\n\r\n", "ı̇ﬁ𝔘".encode(),
)  # fmt: skip


@dataclass
class Fuzzed:
    """How many packages were read, refused in words, or brought the reader down."""

    read: int = 0
    refused: int = 0
    crashed: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    readable: list[tuple[Item, ...]] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """The line for the report."""
        total = self.read + self.refused + self.crashed.total()
        return (
            f"{total:,} mutated packages: {self.read:,} read, {self.refused:,} refused in words, "
            f"{self.crashed.total()} crashes; the slowest took {self.slowest:.2f} s of the processor."
        )


def fuzz(n_packages: int, seed: int) -> Fuzzed:
    """Read mutants of the sample package; keeps a few readable ones for imports into a database."""
    rng, done = random.Random(seed), Fuzzed()
    seeds = [package_of_samples(version) for version in ("2.2", "3.0")]
    for _ in range(n_packages):
        data = mutate(rng.choice(seeds), rng)
        began = time.process_time()
        try:
            items = read_items_bytes(data, "package.zip")[0]
        except BankError:
            done.refused += 1
        except Exception as error:
            done.crashed[f"{type(error).__name__}: {error}"[:200]] += 1
        else:
            done.read += 1
            if items and len(done.readable) < 40:
                done.readable.append(items)
        done.slowest = max(done.slowest, time.process_time() - began)
    return done


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
