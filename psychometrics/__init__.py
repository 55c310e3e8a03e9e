"""Item response theory on arrays: calibration, ability, information, fit, linking.

Everything takes and returns numpy arrays or small frozen records. The logistic metric is D = 1 and theta is N(0, 1)
in the reference population. Names are loaded when they are first used, so importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psychometrics.ability.estimate import AbilityEstimate, estimate_ability
    from psychometrics.calibration.calibrate import calibrate
    from psychometrics.calibration.result import CalibrationResult
    from psychometrics.models.base import ItemParameters

__all__ = ["AbilityEstimate", "CalibrationResult", "ItemParameters", "calibrate", "estimate_ability"]

_HOME = {
    "AbilityEstimate": "psychometrics.ability.estimate",
    "CalibrationResult": "psychometrics.calibration.result",
    "ItemParameters": "psychometrics.models.base",
    "calibrate": "psychometrics.calibration.calibrate",
    "estimate_ability": "psychometrics.ability.estimate",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'psychometrics' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
