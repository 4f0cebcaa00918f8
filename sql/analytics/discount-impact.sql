/*
title: Sales by discount
description: |
  Sales at each discount, and what the discount cost. A line without a quantity has no total: it is counted,
  and only its profit is added. Lines with an unknown discount are in the last row, without sales. Cancelled
  orders are left out. Lines have no currency, so amounts are added as they are.
params:
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  source:
    type: choice
    default: all
    choices: [all, shop, desk]
    description: Orders of the web shop, all other orders, or all
columns:
  discount: {type: percent, description: Share of the price; null if unknown}
  gross: {type: money, description: Amount without the discount (lines with a total)}
  reduction: {type: money, description: Amount of the discount}
  sales: {type: money, description: Amount paid}
  sales_share: {type: percent, description: Of all sales}
  average_sale: {type: money, description: "Sales per line with a total, half a cent rounded up"}
  profit: {type: money, description: Of web shop lines; null if unknown for all of them}
chart: {type: bar, x: discount, y: [sales, reduction], stacked: true}
filename: sales_by_discount
tags: [analytics]
*/
WITH discount_sales AS (
    SELECT
        order_lines.discount,
        COUNT(*) AS line_count,
        COUNT(order_lines.line_total_cents) AS lines_with_total,
        SUM(order_lines.quantity) AS quantity,
        SUM(
            CASE
                WHEN order_lines.line_total_cents IS NOT NULL
                    THEN order_lines.quantity * order_lines.unit_price_cents
            END
        ) AS gross,
        SUM(order_lines.line_total_cents) AS sales,
        SUM(order_lines.profit_cents) AS profit
    FROM order_line_db.order_lines AS order_lines
    INNER JOIN order_db.orders AS orders
        ON order_lines.order_id = orders.order_id
    WHERE
        orders.status <> 'cancelled'
        AND orders.order_date BETWEEN :from AND :to
        AND (:source = 'all' OR coalesce(orders.source, 'desk') = :source)
    GROUP BY order_lines.discount
),

totals AS (
    SELECT SUM(discount_sales.sales) AS sales
    FROM discount_sales
)

SELECT
    discount_sales.discount,
    discount_sales.line_count,
    discount_sales.lines_with_total,
    discount_sales.quantity,
    discount_sales.gross,
    discount_sales.gross - discount_sales.sales AS reduction,
    discount_sales.sales,
    CAST(discount_sales.sales AS REAL) / nullif(totals.sales, 0) AS sales_share,
    (2 * discount_sales.sales + discount_sales.lines_with_total)
    / nullif(2 * discount_sales.lines_with_total, 0) AS average_sale,
    discount_sales.profit
FROM discount_sales
CROSS JOIN totals
ORDER BY discount_sales.discount NULLS LAST;
