"""Endpoints that change data: checked against the databases, and run all or nothing."""
