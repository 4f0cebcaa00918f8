"""HTTP: requests, responses, and the pages around them.

Only here is FastAPI imported.
"""
