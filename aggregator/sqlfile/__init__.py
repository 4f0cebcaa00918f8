"""A `.sql` file: its path as a URL, its header as a model, its parameters and input columns.

Knows no database.
"""
