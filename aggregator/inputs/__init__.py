"""Uploaded files: CSV, JSON, NDJSON and Excel become rows of texts.

Knows no endpoint and no database. Imports `values` and below; never `sqlfile`, `engine` or `formats`.
"""
