"""A folder of SQL over a folder of SQLite files is an API."""

__version__ = "0.1.0"
