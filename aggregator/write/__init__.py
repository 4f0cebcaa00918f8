"""Write requests: the rows of one, its guards and its transaction.

Knows no HTTP. Imports `read`, `endpoints` and below; never `web` or `cli`.
"""
