"""Commands that need no server: `check`, `run` and `load`.

Imports every package below `web`, and no HTTP library.
"""
