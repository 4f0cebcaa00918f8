"""HTTP: the application, requests, responses and error documents.

This is the only package that imports FastAPI, Starlette or uvicorn. Imports every package below.
"""
