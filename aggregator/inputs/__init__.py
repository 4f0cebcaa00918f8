"""Files that come in: CSV, JSON, NDJSON and Excel as rows of texts.

Knows no endpoint and no database.
"""
