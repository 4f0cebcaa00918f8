"""SQLite files: found, attached read-only at one instant, read, and written all or nothing.

Only here is apsw imported.
"""
