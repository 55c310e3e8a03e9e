"""Item parameters from responses: marginal maximum likelihood, its standard errors, and what keeps a scale."""
