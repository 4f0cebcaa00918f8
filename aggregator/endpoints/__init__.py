"""A `.sql` file checked against the databases, and the registry of all of them.

Imports sqlfile, engine, formats.
"""
