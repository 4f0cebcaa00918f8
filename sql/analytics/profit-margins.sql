/*
title: Profit margins
description: |
  Share of profit in the revenue, by category, by product or in total, highest margin first. Only lines with
  both a known revenue and a known profit count: lines of the web shop with a quantity and a discount.
  Cancelled orders are left out.
params:
  by:
    type: choice
    default: category
    choices: [all, category, product]
    description: How the rows are grouped
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
columns:
  revenue: {type: money, description: Of lines with both values known}
  profit: {type: money, description: Of lines with both values known}
  margin: {type: percent, description: Profit as a share of revenue; null if the revenue is 0}
chart: {type: bar, x: category_name, y: margin}
filename: profit_margins_by_{by}
tags: [analytics]
*/
WITH product_profits AS (
    SELECT
        order_lines.product_id,
        COUNT(*) AS line_count,
        SUM(order_lines.line_total_cents) AS revenue,
        SUM(order_lines.profit_cents) AS profit
    FROM order_line_db.order_lines AS order_lines
    INNER JOIN order_db.orders AS orders
        ON order_lines.order_id = orders.order_id
    WHERE
        order_lines.line_total_cents IS NOT NULL
        AND order_lines.profit_cents IS NOT NULL
        AND orders.status <> 'cancelled'
        AND orders.order_date BETWEEN :from AND :to
    -- With the + SQLite goes through the orders and sorts; by the index of products it would take seven times
    -- as long.
    GROUP BY +order_lines.product_id
),

named_profits AS (
    SELECT
        CASE WHEN :by <> 'all' THEN categories.category_name END AS category_name,
        CASE WHEN :by = 'product' THEN products.product_name END AS product_name,
        product_profits.line_count,
        product_profits.revenue,
        product_profits.profit
    FROM product_profits
    INNER JOIN product_db.products AS products
        ON product_profits.product_id = products.product_id
    INNER JOIN product_db.categories AS categories
        ON products.category_id = categories.category_id
)

SELECT
    named_profits.category_name,
    named_profits.product_name,
    SUM(named_profits.line_count) AS line_count,
    SUM(named_profits.revenue) AS revenue,
    SUM(named_profits.profit) AS profit,
    CAST(SUM(named_profits.profit) AS REAL) / nullif(SUM(named_profits.revenue), 0) AS margin
FROM named_profits
GROUP BY
    named_profits.category_name,
    named_profits.product_name
ORDER BY
    CAST(SUM(named_profits.profit) AS REAL) / nullif(SUM(named_profits.revenue), 0) DESC NULLS LAST,
    named_profits.category_name,
    named_profits.product_name;
