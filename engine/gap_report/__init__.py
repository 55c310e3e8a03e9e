"""What a learner has shown, has not yet shown and what there is too little evidence to say; and what to do next."""

from engine.gap_report.evidence import CompetencyDomain, Evidence, evidence_of
from engine.gap_report.next_step import NextStep, next_steps, probability_of_passing
from engine.gap_report.report import Change, CompetencyPart, GapReport, Practice, Target, report_gaps
from engine.gap_report.sentences import rendered
from engine.gap_report.states import State, state_of

__all__ = [
    "Change",
    "CompetencyDomain",
    "CompetencyPart",
    "Evidence",
    "GapReport",
    "NextStep",
    "Practice",
    "State",
    "Target",
    "evidence_of",
    "next_steps",
    "probability_of_passing",
    "rendered",
    "report_gaps",
    "state_of",
]
