"""One write: its rows, its guards and its transaction.

Imports read and below.
"""
