"""Which tables SQL text names, and by which aliases."""

import pytest

from aggregator.engine.sqlite.explain import absent_schemas, aliases

SCHEMAS = {"shop_db": "shop_db", "old_db": "Old_db"}


def test_aliases() -> None:
    sql = """
        SELECT o.a, shop_db.items.b FROM shop_db.orders AS o -- FROM shop_db.comments AS o
        INNER JOIN old_db."order lines" lines ON o.a = lines.a
        LEFT JOIN Shop_DB.items ON items.a = o.a
        WHERE o.a IN (SELECT o.a FROM old_db.others AS o)
    """
    found = aliases(sql, SCHEMAS)

    assert found["o"] == {("shop_db", "orders"), ("Old_db", "others")}
    assert found["lines"] == {("Old_db", "order lines")}
    assert found["items"] == {("shop_db", "items")}


@pytest.mark.parametrize(
    ("sql", "absent"),
    [
        ("SELECT x.a, y.b\nFROM a_db.t AS x,\nb_db.t y WHERE x.a = y.b", {"a_db": 2, "b_db": 3}),
        (
            "SELECT t.a FROM Shop_DB.t JOIN (a_db.t JOIN b_db.u ON t.a = u.b), c_db.v",
            {"a_db", "b_db", "c_db"},
        ),
        ("SELECT (SELECT t.a FROM a_db.t) FROM main.x, temp.y ORDER BY x.a, y.b", {"a_db"}),
        ("SELECT a.x IS DISTINCT FROM b.y FROM json_each(a.x, b.y)", {}),
        ("WITH c AS (SELECT x.y FROM a_db.x) SELECT c.y, c.z FROM c GROUP BY c.y, c.z", {"a_db"}),
        ('INSERT OR REPLACE INTO "a-1_db".t SELECT x.a FROM x', {"a-1_db"}),
        ("UPDATE OR IGNORE a_db.t SET a = 1; DELETE FROM b_db.t", {"a_db", "b_db"}),
        ("SELECT 1 -- FROM a_db.t", {}),
    ],
)
def test_schemas_that_are_absent(sql: str, absent: dict[str, int] | set[str]) -> None:
    found = absent_schemas(sql, SCHEMAS)
    assert found.keys() == set(absent)
    assert not isinstance(absent, dict) or found == absent
