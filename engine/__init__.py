"""Sessions, adaptive testing, decisions, credit, gap reports, credentials."""
