"""Competency frameworks in and out: CASE, CTDL-ASN and CSV, lenient in, strict out, everything left out named."""
