/*
title: Order size
description: |
  Average number of pieces, number of lines and total of an order. The average of the pieces leaves out
  orders with an unknown quantity; the average of the totals leaves out orders with an unknown line total.
  Cancelled orders and orders without lines are left out. Lines have no currency, so amounts are added as
  they are.
params:
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  source:
    type: choice
    default: all
    choices: [all, shop, desk]
    description: Orders of the web shop, all other orders, or all
columns:
  average_line_count: {type: number}
  average_quantity: {type: number, description: Pieces per order; null if unknown for all}
  average_total: {type: money, description: "Half a cent rounded up; null if unknown for all"}
shape: record
filename: order_size
tags: [analytics]
*/
WITH order_sizes AS (
    SELECT
        orders.order_id,
        COUNT(*) AS line_count,
        CASE WHEN COUNT(order_lines.quantity) = COUNT(*) THEN SUM(order_lines.quantity) END AS quantity,
        CASE WHEN COUNT(order_lines.line_total_cents) = COUNT(*) THEN SUM(order_lines.line_total_cents) END
            AS total_cents
    FROM order_db.orders AS orders
    INNER JOIN order_line_db.order_lines AS order_lines
        ON orders.order_id = order_lines.order_id
    WHERE
        orders.status <> 'cancelled'
        AND orders.order_date BETWEEN :from AND :to
        AND (:source = 'all' OR coalesce(orders.source, 'desk') = :source)
    GROUP BY orders.order_id
)

SELECT
    COUNT(*) AS order_count,
    CAST(SUM(order_sizes.line_count) AS REAL) / nullif(COUNT(*), 0) AS average_line_count,
    COUNT(order_sizes.quantity) AS orders_with_quantity,
    coalesce(SUM(order_sizes.quantity), 0) AS total_quantity,
    CAST(SUM(order_sizes.quantity) AS REAL) / nullif(COUNT(order_sizes.quantity), 0) AS average_quantity,
    MIN(order_sizes.quantity) AS smallest_quantity,
    MAX(order_sizes.quantity) AS largest_quantity,
    COUNT(order_sizes.total_cents) AS orders_with_total,
    (2 * SUM(order_sizes.total_cents) + COUNT(order_sizes.total_cents))
    / nullif(2 * COUNT(order_sizes.total_cents), 0) AS average_total
FROM order_sizes;
