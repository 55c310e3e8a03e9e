"""Sparing items: who may see which item, and how often each is shown."""
