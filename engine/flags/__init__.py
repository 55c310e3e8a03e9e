"""What somebody should look at: flags raised from stored answers and times, in words that say what was seen and never
why.

    evidence   answers of a bank's sittings as arrays
    sittings   rapid guessing, person misfit, aberrant times: one sitting each
    pairs      answers more alike than two abilities explain
    items      leak alarm and drift: an item easier or harder than it was calibrated
    look       all of them over one bank
"""

from engine.flags.evidence import Answered, Evidence, Published, Seen, gather
from engine.flags.look import look
from engine.flags.records import Criteria, DriftOfItem, Flag, Judged, Kind, Looked

__all__ = [
    "Answered",
    "Criteria",
    "DriftOfItem",
    "Evidence",
    "Flag",
    "Judged",
    "Kind",
    "Looked",
    "Published",
    "Seen",
    "gather",
    "look",
]
