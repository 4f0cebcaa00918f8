"""Database engines behind one interface: `base` has the protocols, and each engine is a package.

Imports `values` and below. `base` never imports an engine; the service and the commands choose one and pass
it on.
"""
