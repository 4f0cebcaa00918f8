"""HTTP: what was asked, what went wrong, and the bytes on the socket. Only this package knows FastAPI."""
