"""The speed of the service beside that of the sqlite3 shell, pandas and Datasette: `python -m bench`."""
