"""What the analytics must say of sales.

Each function takes the books and the period and gives the flat rows as JSON shows them.
"""

from __future__ import annotations

from decimal import Decimal

from tests.shop.amounts import grouped, known, known_sum, mean_money, money, share, whole
from tests.shop.books import Books, Row


def top_products(books: Books, *period: str, limit: int = 5) -> list[Row]:
    groups = grouped(books.sold_lines(*period), lambda line: line["product_id"])
    ranked = sorted(
        groups.items(), key=lambda item: (-(known_sum(item[1], "line_total_cents") or 0), item[0])
    )
    return [
        {
            "product_id": product_id,
            "product_name": books.products[product_id]["product_name"],
            "category_name": books.category_of(product_id)["category_name"],
            "order_count": len({line["order_id"] for line in lines}),
            "quantity": known_sum(lines, "quantity"),
            "sales": money(known_sum(lines, "line_total_cents") or 0),
        }
        for product_id, lines in ranked[:limit]
        if isinstance(product_id, int)
    ]


def top_categories(books: Books, *period: str, limit: int = 3) -> list[Row]:
    lines = books.sold_lines(*period)
    everything = known_sum(lines, "line_total_cents") or 0
    groups = grouped(lines, lambda line: books.category_of(line["product_id"])["category_id"])
    rows = [
        {
            "category_id": category_id,
            "category_name": books.category_of(group[0]["product_id"])["category_name"],
            "product_count": len({line["product_id"] for line in group}),
            "quantity": known_sum(group, "quantity"),
            "revenue": money(known_sum(group, "line_total_cents") or 0),
            "revenue_share": share(known_sum(group, "line_total_cents") or 0, everything),
            "profit": money(known_sum(group, "profit_cents")),
        }
        for category_id, group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-Decimal(row["revenue"]), row["category_id"]))[:limit]


def profit_margins(books: Books, *period: str, by: str = "category") -> list[Row]:
    def names(line: Row) -> tuple[str | None, str | None]:
        product_id = line["product_id"]
        category = books.category_of(product_id)["category_name"] if by != "all" else None
        return category, books.products[product_id]["product_name"] if by == "product" else None

    full = [
        line
        for line in books.sold_lines(*period)
        if line["line_total_cents"] is not None and line["profit_cents"] is not None
    ]
    rows = []
    for (category, product), lines in grouped(full, names).items():
        revenue, profit = known_sum(lines, "line_total_cents") or 0, known_sum(lines, "profit_cents") or 0
        rows.append(
            {
                "category_name": category,
                "product_name": product,
                "line_count": len(lines),
                "revenue": money(revenue),
                "profit": money(profit),
                "margin": share(profit, revenue),
            }
        )
    return sorted(rows, key=lambda row: (-row["margin"], str(row["category_name"]), str(row["product_name"])))


def order_size(books: Books, *period: str) -> list[Row]:
    orders = [lines for order in books.sold(*period) if (lines := books.lines_of(order))]
    sizes = [size for lines in orders if (size := whole(lines, "quantity")) is not None]
    totals = [total for lines in orders if (total := whole(lines, "line_total_cents")) is not None]
    return [
        {
            "order_count": len(orders),
            "average_line_count": share(sum(map(len, orders)), len(orders)),
            "orders_with_quantity": len(sizes),
            "total_quantity": sum(sizes),
            "average_quantity": share(sum(sizes), len(sizes)),
            "smallest_quantity": min(sizes, default=None),
            "largest_quantity": max(sizes, default=None),
            "orders_with_total": len(totals),
            "average_total": mean_money(totals),
        }
    ]


def revenue(books: Books, *period: str, by: str = "all") -> list[Row]:
    length = {"all": 0, "year": 4, "month": 7, "day": 10}[by]
    groups = grouped(books.sold(*period), lambda order: order["order_date"][:length])
    if by == "all":
        groups.setdefault("", [])
    rows = []
    for name in sorted(groups, key=str):
        lines = [line for order in groups[name] for line in books.lines_of(order)]
        rows.append(
            {
                "period": name or None,
                "order_count": len(groups[name]),
                "revenue": money(known_sum(lines, "line_total_cents") or 0),
                "profit": money(known_sum(lines, "profit_cents")),
                "shipping_cost": money(known_sum(lines, "shipping_cost_cents")),
                "lines_without_total": sum(line["line_total_cents"] is None for line in lines),
            }
        )
    return rows


def priority_share(books: Books, *period: str) -> list[Row]:
    priorities = [order["priority"] for order in books.sold(*period)]
    urgent = sum(priority in ("High", "Critical") for priority in priorities)
    return [
        {
            "order_count": len(priorities),
            "high_or_critical_count": urgent,
            "high_or_critical_share": share(urgent, len(priorities)),
            "priority": priority,
            "priority_count": priorities.count(priority),
            "priority_share": share(priorities.count(priority), len(priorities)),
        }
        for priority in ("Critical", "High", "Medium", "Low")
    ]


def discount_impact(books: Books, *period: str) -> list[Row]:
    lines = books.sold_lines(*period)
    everything = known_sum(lines, "line_total_cents") or 0
    groups = grouped(lines, lambda line: line["discount"])
    rows = []
    for discount in sorted(groups, key=lambda each: (each is None, each or 0)):
        priced = [line for line in groups[discount] if line["line_total_cents"] is not None]
        sales = known_sum(priced, "line_total_cents")
        gross = sum(line["quantity"] * line["unit_price_cents"] for line in priced) if priced else None
        rows.append(
            {
                "discount": discount,
                "line_count": len(groups[discount]),
                "lines_with_total": len(priced),
                "quantity": known_sum(groups[discount], "quantity"),
                "gross": money(gross),
                "reduction": money(None if gross is None or sales is None else gross - sales),
                "sales": money(sales),
                "sales_share": None if sales is None else share(sales, everything),
                "average_sale": mean_money(known(priced, "line_total_cents")),
                "profit": money(known_sum(groups[discount], "profit_cents")),
            }
        )
    return rows
