"""What may go wrong with banks, in words. Each error names the place and the remedy."""


class BankError(ValueError):
    """Something a person handed to the bank cannot be used; the message says what, where and what to do."""


class FileRefused(BankError):
    """A file cannot be read as what it claims to be; nothing of it was kept."""


class ItemInvalid(BankError):
    """An item contradicts itself (a key that is no choice, a score without a rule)."""


class AnswerInvalid(BankError):
    """An answer does not have the form its item asks for."""


class BankUnknown(BankError):
    """No bank of that key exists in this institution."""


class BlueprintUnsatisfiable(BankError):
    """The bank holds too few items of some kind for the blueprint."""
