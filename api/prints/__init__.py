"""Sheets of paper: the gap report and the record of a learner as PDF/A and PDF/UA, made by typst."""
