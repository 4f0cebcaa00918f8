"""Values that every package above uses: columns, money, numbers, dates, charts and shapes.

A type or function belongs here when two or more packages need it. Imports only `errors`, `settings` and
`documents`.
"""
