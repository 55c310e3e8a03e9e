"""Whole cohorts taking a test design at once, and what comes of it."""
