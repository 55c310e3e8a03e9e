"""The records of a simulation report: what `REPORT.json` holds, frozen and comparable."""

from __future__ import annotations

import msgspec


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report."""


class AbilityBand(_Record, frozen=True, kw_only=True):
    """Learners whose true theta lies in [lower, upper)."""

    lower: float
    upper: float
    n_persons: int
    bias: float
    rmse: float
    mean_sem: float
    coverage: float
    mean_length: float


class Precision(_Record, frozen=True, kw_only=True):
    """Agreement of estimated with true theta for one ability.

    sem_ratio: rmse over the root mean square of the stated errors, 1 when these are honest; coverage: share of learners
    within theta ± 1.96·sem.
    """

    ability: str
    bias: float
    rmse: float
    correlation: float | None
    mean_sem: float
    sem_ratio: float
    coverage: float
    bands: tuple[AbilityBand, ...]


class Length(_Record, frozen=True, kw_only=True):
    """Test lengths; counts[n] learners were given n items."""

    mean: float
    sd: float
    shortest: int
    longest: int
    counts: tuple[int, ...]


class ItemExposure(_Record, frozen=True, kw_only=True):
    """How often an item was given."""

    item_id: str
    exposure_rate: float


class Exposure(_Record, frozen=True, kw_only=True):
    """Use of the bank. overlap: expected share of items two learners have in common (Chen, Ankenmann & Spray 2003)."""

    highest_rate: float
    mean_rate: float
    sd_rate: float
    unused_share: float
    overlap: float
    items: tuple[ItemExposure, ...]


class DistanceBand(_Record, frozen=True, kw_only=True):
    """Decisions on learners whose true theta lies this far above (below, when negative) the cut."""

    lower: float
    upper: float
    n_persons: int
    credited: float
    accuracy: float


class Classification(_Record, frozen=True, kw_only=True):
    """Decisions at a cut. false_credit: credited among those below the cut; false_denial: denied among those above.

    wrong_credit_share: below the cut among the credited, which a bound on posterior probability promises to keep small.
    """

    ability: str
    cut_theta: float
    accuracy: float
    credited: float
    false_credit: float | None
    false_credit_error: float | None
    false_denial: float | None
    wrong_credit_share: float | None
    wrong_credit_error: float | None
    distance: tuple[DistanceBand, ...]


class Attempt(_Record, frozen=True, kw_only=True):
    """One of several sittings on the same bank, items once seen being barred."""

    number: int
    n_persons: int
    mean_length: float
    rmse: float
    mean_sem: float
    mean_items_left: float
    exhausted_share: float
    credited: float


class DesignOutcome(_Record, frozen=True, kw_only=True):
    """What one design came to."""

    name: str
    n_persons: int
    n_items: int
    precision: tuple[Precision, ...]
    length: Length
    reasons: dict[str, float]
    exposure: Exposure
    test_information_used: float
    constraint_violations: int
    violation_examples: tuple[str, ...]
    classification: tuple[Classification, ...]
    attempts: tuple[Attempt, ...]


class Chain(_Record, frozen=True, kw_only=True):
    """Pre-test and post-test together: who passes the first takes the second on items not seen before."""

    pre_test: str
    post_test: str
    n_persons: int
    passed_pre_test: float
    credited: float
    mean_items: float
    false_credit: float | None
    false_denial: float | None


class SimulationReport(_Record, frozen=True, kw_only=True):
    """All designs simulated with the same learners and the same luck."""

    assay: str = "simulation/1"
    seed: int
    n_persons: int
    population_mean: float | None
    population_sd: float | None
    source: str
    designs: tuple[DesignOutcome, ...]
    chain: Chain | None = None


def report_json(report: SimulationReport) -> bytes:
    """The report as an indented JSON document."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)


def read_report(document: bytes) -> SimulationReport:
    """A report from its JSON document."""
    return msgspec.json.decode(document, type=SimulationReport)
