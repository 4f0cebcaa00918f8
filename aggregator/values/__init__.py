"""What all rooms speak of: columns, money, numbers, dates, charts and shapes.

Imports nothing above.
"""
