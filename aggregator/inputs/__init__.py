"""Reading tables: CSV, JSON, NDJSON and Excel files as rows of texts."""
