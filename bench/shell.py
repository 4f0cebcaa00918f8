"""The sqlite3 shell on the same SQL, its output thrown away."""

import shutil
from pathlib import Path

from bench.children import finish
from bench.queries import attachments, sql_text
from bench.skipped import Skipped


def run(mode: str, query: str, dbs: Path) -> None:
    """Write the rows of a query as `.mode csv` or `.mode json` does; raises Skipped without a shell."""
    shell = shutil.which("sqlite3")
    if shell is None:
        raise Skipped("the sqlite3 shell is not installed (Debian: apt install sqlite3)")
    attach = "".join(f"ATTACH '{uri}' AS {schema};\n" for schema, uri in attachments(dbs).items())
    script = f"{attach}.headers on\n.mode {mode}\n{sql_text(query)};\n"
    finish([shell, "-bail", ":memory:"], script.encode(), keep_output=False)
