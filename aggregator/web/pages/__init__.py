"""HTML pages, made from plain data.

Pages get no request and no service. They import neither FastAPI nor the modules of `web` that handle them.
"""
