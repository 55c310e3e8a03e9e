"""Does an item work alike for two groups of equal ability? Three tests, purified anchors, many items at once."""

from psychometrics.dif.likelihood_ratio import LikelihoodRatioDif, likelihood_ratio_dif
from psychometrics.dif.logistic import LogisticDif, logistic_dif
from psychometrics.dif.mantel_haenszel import MantelHaenszel, mantel_haenszel
from psychometrics.dif.multiplicity import adjust

__all__ = [
    "LikelihoodRatioDif",
    "LogisticDif",
    "MantelHaenszel",
    "adjust",
    "likelihood_ratio_dif",
    "logistic_dif",
    "mantel_haenszel",
]
