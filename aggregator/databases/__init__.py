"""SQLite files: found, attached read-only at one instant, and read. Only this package knows apsw."""
