"""Read requests: the SQL of one, where it runs, its rows, and the output that they become.

Knows no HTTP. Imports `endpoints` and below; never `write` or `web`.
"""
