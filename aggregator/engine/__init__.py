"""Databases behind one interface: `base` has the protocols, and each engine is a package of its own."""
