"""Item parameters in the conventions of other programs, always turned into the logistic metric (D = 1) and back."""
