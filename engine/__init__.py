"""Sessions, adaptive testing, decisions, credit, gap reports, credentials."""

CODE_VERSION = "assay 0.1.0"
"""The version of the rules that a decision names; it changes whenever a decision could come out differently."""
