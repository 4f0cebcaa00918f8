/*
title: Customer lifetime value
description: |
  Revenue and profit of each customer who ordered, highest revenue first. Cancelled orders are left out.
  Lines have no currency, so amounts are added as they are. A line without a quantity or a discount adds
  nothing to the revenue; its profit still counts.
params:
  q:
    type: text
    required: false
    max: 100
    description: Part of the customer's name (ignores case)
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  source:
    type: choice
    default: all
    choices: [all, shop, desk]
    description: Orders of the web shop, all other orders, or all
  limit: {type: integer, default: 50, min: 1, max: 200, description: Customers on a page}
  offset: {type: integer, default: 0, min: 0, description: Customers to skip}
columns:
  customer_id: {link: "/customers/{customer_id}"}
  revenue: {type: money, description: Amount paid after discounts}
  profit: {type: money, description: Of web shop lines; null if unknown for all of them}
shape: page
sort:
  default: revenue.desc
  columns: [revenue, profit, order_count, customer_id]
  then: customer_id
  description: Customers with an unknown profit come last
filename: customer_lifetime_value
tags: [analytics]
*/
WITH order_sums AS (
    SELECT
        orders.order_id,
        orders.customer_id,
        orders.order_date,
        SUM(order_lines.line_total_cents) AS revenue,
        SUM(order_lines.profit_cents) AS profit
    FROM order_db.orders AS orders
    LEFT JOIN order_line_db.order_lines AS order_lines
        ON orders.order_id = order_lines.order_id
    WHERE
        orders.status <> 'cancelled'
        AND orders.order_date BETWEEN :from AND :to
        AND (:source = 'all' OR coalesce(orders.source, 'desk') = :source)
    GROUP BY
        orders.order_id,
        orders.customer_id,
        orders.order_date
),

customer_values AS (
    SELECT
        order_sums.customer_id,
        COUNT(*) AS order_count,
        MIN(order_sums.order_date) AS first_order_date,
        MAX(order_sums.order_date) AS last_order_date,
        coalesce(SUM(order_sums.revenue), 0) AS revenue,
        SUM(order_sums.profit) AS profit
    FROM order_sums
    GROUP BY order_sums.customer_id
)

SELECT
    customer_values.customer_id,
    customers.customer_name,
    customer_values.order_count,
    customer_values.first_order_date,
    customer_values.last_order_date,
    customer_values.revenue,
    customer_values.profit
FROM customer_values
LEFT JOIN customer_db.customers AS customers
    ON customer_values.customer_id = customers.customer_id
WHERE
    :q IS NULL
    -- instr is SQLite's; PostgreSQL has position(… IN …).
    OR instr(lower(customers.customer_name), lower(:q)) > 0
ORDER BY
    customer_values.revenue DESC,
    customer_values.customer_id
LIMIT :limit OFFSET :offset;
