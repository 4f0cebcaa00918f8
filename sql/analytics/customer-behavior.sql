/*
title: Buying behavior
description: |
  For each customer who ordered: number of orders, first and last order date, average order total, and
  average number of days between orders. The average leaves out orders with a line of unknown total.
  Cancelled orders are left out. Lines have no currency, so amounts are added as they are.
params:
  q:
    type: text
    required: false
    max: 100
    description: Part of the customer's name (ignores case)
  min_orders:
    type: integer
    default: 1
    min: 1
    max: 1000000
    description: Customers with at least this number of orders
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
  average_basket:
    type: money
    description: "Of orders with a known total, half a cent rounded up; null if there are none"
  days_between_orders: {type: number, description: Average; null for a single order}
shape: page
sort:
  default: order_count.desc
  columns: [order_count, average_basket, days_between_orders, last_order_date, customer_id]
  then: customer_id
  description: Customers without this value come last
filename: customer_behavior
tags: [analytics]
*/
WITH baskets AS (
    SELECT
        orders.order_id,
        orders.customer_id,
        orders.order_date,
        CASE WHEN COUNT(order_lines.line_total_cents) = COUNT(*) THEN SUM(order_lines.line_total_cents) END
            AS total_cents
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

customer_orders AS (
    SELECT
        baskets.customer_id,
        COUNT(*) AS order_count,
        MIN(baskets.order_date) AS first_order_date,
        MAX(baskets.order_date) AS last_order_date,
        (2 * SUM(baskets.total_cents) + COUNT(baskets.total_cents))
        / nullif(2 * COUNT(baskets.total_cents), 0) AS average_basket,
        -- julianday is SQLite's; PostgreSQL subtracts dates instead. It is exact for whole days.
        (julianday(MAX(baskets.order_date)) - julianday(MIN(baskets.order_date)))
        / nullif(COUNT(*) - 1, 0) AS days_between_orders
    FROM baskets
    GROUP BY baskets.customer_id
)

SELECT
    customer_orders.customer_id,
    customers.customer_name,
    customer_orders.order_count,
    customer_orders.first_order_date,
    customer_orders.last_order_date,
    customer_orders.average_basket,
    customer_orders.days_between_orders
FROM customer_orders
LEFT JOIN customer_db.customers AS customers
    ON customer_orders.customer_id = customers.customer_id
WHERE
    customer_orders.order_count >= :min_orders
    AND (
        :q IS NULL
        -- instr is SQLite's; PostgreSQL has position(… IN …).
        OR instr(lower(customers.customer_name), lower(:q)) > 0
    )
ORDER BY
    customer_orders.order_count DESC,
    customer_orders.customer_id
LIMIT :limit OFFSET :offset;
