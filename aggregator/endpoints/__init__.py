"""Endpoints: `.sql` files checked against the databases, and the registry of all of them.

The registry is the only way to an endpoint, for every actor. Imports `sqlfile`, `engine.base`, `inputs`,
`formats` and below; never `read`, `write` or `web`.
"""
