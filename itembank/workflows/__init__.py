"""Load, decide, save: one verb phrase a file."""
