"""A `.sql` file: its path as a URL, its header as a model, its parameters and input columns.

Opens no database and runs no SQL. Imports `values` and below; never `engine`, `inputs` or `formats`.
"""
