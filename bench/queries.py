"""The SQL that everybody runs: the same text, with the names of the schemas that each gives the files."""

import re
from pathlib import Path

SQL_FOLDER = Path(__file__).with_name("sql")
DATABASES = ("customer", "product", "order", "order_line")


def sql_text(name: str) -> str:
    """The SQL of a report of the bench without its header."""
    text = (SQL_FOLDER / f"{name}.sql").read_text()
    return text.partition("*/")[2].strip().rstrip(";")


def for_datasette(name: str) -> str:
    """The same where a schema is called as its file is, without the suffix: `order_db` is "order"."""
    return re.sub(rf"\b({'|'.join(DATABASES)})_db\.", r'"\1".', sql_text(name))


def attachments(dbs: Path) -> dict[str, str]:
    """For each schema the URI of its file, opened for reading."""
    return {f"{name}_db": f"{(dbs / name).resolve().as_uri()}.db?mode=ro" for name in DATABASES}
