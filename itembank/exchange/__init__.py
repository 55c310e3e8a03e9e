"""Bytes to records and back, pure: every format an item, a parameter, an answer or a framework travels in."""
