"""The demo databases with 350,000 orders, made once and kept."""

import sys
import tempfile
from pathlib import Path

from bench.children import finish

ORDERS = 350_000
PROJECT = Path(__file__).parents[1]


def default_folder() -> Path:
    """Where they are kept when nothing is said."""
    return Path(tempfile.gettempdir()) / f"aggregator-bench-{ORDERS}"


def make(folder: Path) -> None:
    """Make those databases that are missing."""
    command = [sys.executable, str(PROJECT / "setup_db.py"), "--if-missing"]
    command += ["--dbs", str(folder), "--orders", str(ORDERS)]
    print(f"demo databases with {ORDERS:,} orders in {folder}", flush=True)
    finish(command)
