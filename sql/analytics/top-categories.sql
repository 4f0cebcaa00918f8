/*
title: Top categories
description: |
  Categories with the highest revenue after discounts. Cancelled orders are left out. Lines have no
  currency, so amounts are added as they are. A line without a quantity or a discount adds nothing to the
  revenue; its profit still counts.
params:
  limit: {type: integer, default: 3, min: 1, max: 1000, description: Number of categories}
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  source:
    type: choice
    default: all
    choices: [all, shop, desk]
    description: Orders of the web shop, all other orders, or all
columns:
  revenue: {type: money}
  revenue_share: {type: percent, description: Of the revenue of all categories}
  profit: {type: money, description: Of web shop lines; null if unknown for all of them}
chart: {type: bar, x: category_name, y: revenue}
filename: top_{limit}_categories
tags: [analytics]
*/
WITH product_sales AS (
    SELECT
        order_lines.product_id,
        SUM(order_lines.quantity) AS quantity,
        SUM(order_lines.line_total_cents) AS revenue,
        SUM(order_lines.profit_cents) AS profit
    FROM order_line_db.order_lines AS order_lines
    INNER JOIN order_db.orders AS orders
        ON order_lines.order_id = orders.order_id
    WHERE
        orders.status <> 'cancelled'
        AND orders.order_date BETWEEN :from AND :to
        AND (:source = 'all' OR coalesce(orders.source, 'desk') = :source)
    -- With the + SQLite goes through the orders and sorts; by the index of products it would take seven times
    -- as long.
    GROUP BY +order_lines.product_id
),

category_sales AS (
    SELECT
        products.category_id,
        COUNT(*) AS product_count,
        SUM(product_sales.quantity) AS quantity,
        coalesce(SUM(product_sales.revenue), 0) AS revenue,
        SUM(product_sales.profit) AS profit
    FROM product_sales
    INNER JOIN product_db.products AS products
        ON product_sales.product_id = products.product_id
    GROUP BY products.category_id
),

totals AS (
    SELECT SUM(category_sales.revenue) AS revenue
    FROM category_sales
)

SELECT
    category_sales.category_id,
    categories.category_name,
    category_sales.product_count,
    category_sales.quantity,
    category_sales.revenue,
    CAST(category_sales.revenue AS REAL) / nullif(totals.revenue, 0) AS revenue_share,
    category_sales.profit
FROM category_sales
INNER JOIN product_db.categories AS categories
    ON category_sales.category_id = categories.category_id
CROSS JOIN totals
ORDER BY
    category_sales.revenue DESC,
    category_sales.category_id
LIMIT :limit;
