"""The SQLite engine: finds files, reads them at one instant, and writes all or nothing.

This is the only package that imports apsw. Imports `engine.base`, `values` and below.
"""
