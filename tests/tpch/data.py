"""A tiny data set for the TPC-H queries: in eight files, and once more in one.

Tables and columns are those of the specification (https://www.tpc.org/tpch/, 1.4). Values come from short
lists that have the constants of the queries, so that a few hundred rows are enough to give every query a
result.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from pathlib import Path

SCHEMA = {
    "region": "r_regionkey INTEGER PRIMARY KEY, r_name TEXT, r_comment TEXT",
    "nation": "n_nationkey INTEGER PRIMARY KEY, n_name TEXT, n_regionkey INTEGER, n_comment TEXT",
    "supplier": """
        s_suppkey INTEGER PRIMARY KEY, s_name TEXT, s_address TEXT, s_nationkey INTEGER,
        s_phone TEXT, s_acctbal REAL, s_comment TEXT
    """,
    "part": """
        p_partkey INTEGER PRIMARY KEY, p_name TEXT, p_mfgr TEXT, p_brand TEXT, p_type TEXT,
        p_size INTEGER, p_container TEXT, p_retailprice REAL, p_comment TEXT
    """,
    "partsupp": """
        ps_partkey INTEGER, ps_suppkey INTEGER, ps_availqty INTEGER, ps_supplycost REAL,
        ps_comment TEXT, PRIMARY KEY (ps_partkey, ps_suppkey)
    """,
    "customer": """
        c_custkey INTEGER PRIMARY KEY, c_name TEXT, c_address TEXT, c_nationkey INTEGER,
        c_phone TEXT, c_acctbal REAL, c_mktsegment TEXT, c_comment TEXT
    """,
    "orders": """
        o_orderkey INTEGER PRIMARY KEY, o_custkey INTEGER, o_orderstatus TEXT, o_totalprice REAL,
        o_orderdate TEXT, o_orderpriority TEXT, o_clerk TEXT, o_shippriority INTEGER,
        o_comment TEXT
    """,
    "lineitem": """
        l_orderkey INTEGER, l_partkey INTEGER, l_suppkey INTEGER, l_linenumber INTEGER,
        l_quantity REAL, l_extendedprice REAL, l_discount REAL, l_tax REAL, l_returnflag TEXT,
        l_linestatus TEXT, l_shipdate TEXT, l_commitdate TEXT, l_receiptdate TEXT,
        l_shipinstruct TEXT, l_shipmode TEXT, l_comment TEXT,
        PRIMARY KEY (l_orderkey, l_linenumber)
    """,
}
"""The columns of each table, which has a file of its own: lineitem.db has lineitem."""

_REGIONS = {
    "EUROPE": ("FRANCE", "GERMANY"),
    "ASIA": ("INDIA", "CHINA"),
    "AMERICA": ("BRAZIL", "CANADA"),
    "MIDDLE EAST": ("SAUDI ARABIA", "EGYPT"),
}
_NATIONS = [nation for nations in _REGIONS.values() for nation in nations]
_KINDS = [
    *(("Brand#23", "PROMO BRUSHED BRASS", "MED BOX"), ("Brand#12", "ECONOMY ANODIZED STEEL", "SM CASE")),
    *(("Brand#34", "SMALL PLATED BRASS", "LG PACK"), ("Brand#45", "MEDIUM POLISHED TIN", "JUMBO JAR")),
]
_NAMES = ["forest green", "forest snow", "dark green", "red"]
_SIZES = [15, 3, 9, 49]
_FIRST_DAY = date(1993, 6, 1)
_SUPPLIERS, _PARTS, _CUSTOMERS, _ORDERS = 16, 64, 60, 500

Row = tuple[object, ...]


def make_tpch(folder: Path) -> Path:
    """Make the eight files in a folder `dbs` there, and the file of all, whose path is returned."""
    (folder / "dbs").mkdir()
    whole = folder / "whole.db"
    for table, rows in _tables(random.Random(1)).items():
        for path in (folder / "dbs" / f"{table}.db", whole):
            connection = sqlite3.connect(path)
            connection.execute(f"CREATE TABLE {table} ({SCHEMA[table]})")
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
            connection.commit()
            connection.close()
    return whole


def _tables(chance: random.Random) -> dict[str, Sequence[Row]]:
    regions = list(_REGIONS)
    return {
        "region": [(key, name, "") for key, name in enumerate(regions)],
        "nation": [(key, name, key // 2, "") for key, name in enumerate(_NATIONS)],
        "supplier": [
            (key, f"Supplier#{key}", f"Street {key}", key % 8, f"{key}", key * 10.5, _remark(key))
            for key in range(_SUPPLIERS)
        ],
        "part": [
            (key, name, "Maker", *kind[:2], size, kind[2], key + 0.5, "")
            for key, (name, kind, size) in enumerate(product(_NAMES, _KINDS, _SIZES))
        ],
        "partsupp": [
            (part, (part + 5 * n) % _SUPPLIERS, chance.randint(1, 999), chance.randint(100, 9999) / 100, "")
            for part in range(_PARTS)
            for n in range(3)
        ],
        "customer": [
            (
                *(key, f"Customer#{key}", "", key % 8, f"{10 + key % 24}-1"),
                *(chance.randint(-999, 99999) / 100, chance.choice(["BUILDING", "MACHINERY"]), ""),
            )
            for key in range(_CUSTOMERS)
        ],
        "orders": (orders := list(_orders(chance))),
        "lineitem": [line for order in orders for line in _lines(order, chance)],
    }


def _remark(key: int) -> str:
    return "Customer of Complaints" if key % 5 == 0 else "quiet"


def _orders(chance: random.Random) -> Iterator[Row]:
    for key in range(_ORDERS):
        day = _FIRST_DAY + timedelta(days=chance.randrange(1100))
        customer = chance.randrange(_CUSTOMERS * 2 // 3)
        status, total = chance.choice("FOP"), chance.randint(10_000, 9_000_000) / 100
        priority = chance.choice(["1-URGENT", "2-HIGH", "5-LOW"])
        remark = chance.choice(["", "special requests"])
        yield key, customer, status, total, str(day), priority, "Clerk", 0, remark


def _lines(order: Row, chance: random.Random) -> Iterator[Row]:
    key, placed = order[0], date.fromisoformat(str(order[4]))
    # Some orders are large, for the query that looks for them.
    is_large = chance.random() < 0.05
    for number in range(8 if is_large else chance.randint(1, 5)):
        part = chance.randrange(_PARTS)
        quantity = chance.randint(40, 50) if is_large else chance.choice([1, 5, 12, 18, 25, 50])
        shipped, committed = (placed + timedelta(days=chance.randint(1, most)) for most in (120, 250))
        yield (
            *(key, part, (part + 5 * chance.randrange(3)) % _SUPPLIERS, number, quantity),
            *(quantity * chance.randint(900, 2000), chance.randint(0, 10) / 100, chance.randint(0, 8) / 100),
            *(chance.choice("RAN"), chance.choice("OF"), str(shipped), str(committed)),
            *(
                str(shipped + timedelta(days=chance.randint(1, 30))),
                chance.choice(["DELIVER IN PERSON", "NONE"]),
            ),
            *(chance.choice(["MAIL", "SHIP", "AIR", "AIR REG"]), ""),
        )
