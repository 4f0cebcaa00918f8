"""One read: its SQL, where it runs, its rows, and the file that they become.

Imports endpoints and below.
"""
