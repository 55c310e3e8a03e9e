"""What may go wrong at a sitting, in words. Refusals by policy are in refusals.py; designs have errors of their own."""


class EngineError(ValueError):
    """Something was asked of the engine that it cannot do; the message says what and what to do instead."""


class Unknown(EngineError):
    """There is no such assessment, attempt or sitting here, or it is somebody else's."""


class OutOfTurn(EngineError):
    """An answer came for a position that is not the one on screen."""


class AlreadyAnswered(EngineError):
    """That position has another answer already; it stays."""


class ReusedId(EngineError):
    """The id of an earlier answer came with another body."""


class SittingOver(EngineError):
    """The sitting has ended; no answer is taken any more."""


class SittingPaused(EngineError):
    """The learner is taking a pause; no answer is taken until they go on."""


class OnPaper(EngineError):
    """The sitting is a form on paper or with an assessor; it is not answered on screen."""


class NoItemLeft(EngineError):
    """No item may be shown: the pool is empty for this learner. The start used up nothing."""


class RecordBroken(EngineError):
    """A stored record does not give what it gave before; the message says which and where."""
