"""Values, operators and mappings that response processing is made of (QTI 2.2 and 3.0), as pure functions."""
