"""HTML pages, made from plain data.

Pages get no request and no service, and import neither FastAPI nor the other modules of `web` that handle requests.
"""
