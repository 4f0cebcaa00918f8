"""`python -m aggregator check` and `python -m aggregator run`."""

from __future__ import annotations

import sys

try:
    from aggregator.cli.main import main
except ModuleNotFoundError as error:
    sys.exit(f"This Python has no module {error.name}; use .venv/bin/python, or install requirements.txt")


if __name__ == "__main__":
    sys.exit(main())
