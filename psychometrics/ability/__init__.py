"""Ability of persons: estimators, posteriors, and the score of record."""
