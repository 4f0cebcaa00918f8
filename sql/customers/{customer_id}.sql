/*
title: One customer
description: |
  A customer with the number of orders and the amount spent, without cancelled orders. Lines with an unknown
  total add nothing.
params:
  customer_id: {type: integer, min: 1, description: The customer's number, example: 1}
columns:
  total_spent: {type: money}
shape: record
filename: customer_{customer_id}
tags: [customers]
*/
WITH order_totals AS (
    SELECT
        order_lines.order_id,
        SUM(order_lines.line_total_cents) AS total_cents
    FROM order_db.orders AS orders
    INNER JOIN order_line_db.order_lines AS order_lines
        ON orders.order_id = order_lines.order_id
    WHERE orders.customer_id = :customer_id
    GROUP BY order_lines.order_id
),

customer_orders AS (
    SELECT
        orders.customer_id,
        COUNT(*) AS order_count,
        SUM(CASE WHEN orders.status = 'cancelled' THEN 1 ELSE 0 END) AS cancelled_count,
        MIN(orders.order_date) AS first_order_date,
        MAX(orders.order_date) AS last_order_date,
        SUM(CASE WHEN orders.status <> 'cancelled' THEN coalesce(order_totals.total_cents, 0) ELSE 0 END)
            AS total_spent
    FROM order_db.orders AS orders
    LEFT JOIN order_totals
        ON orders.order_id = order_totals.order_id
    WHERE orders.customer_id = :customer_id
    GROUP BY orders.customer_id
)

SELECT
    customers.customer_id,
    customers.customer_name,
    customers.email,
    customers.phone,
    customers.city,
    customers.state,
    customers.pincode,
    customers.created_at,
    customers.shop_number,
    customers.gender,
    customers.login_type,
    coalesce(customer_orders.order_count, 0) AS order_count,
    coalesce(customer_orders.cancelled_count, 0) AS cancelled_count,
    customer_orders.first_order_date,
    customer_orders.last_order_date,
    coalesce(customer_orders.total_spent, 0) AS total_spent
FROM customer_db.customers AS customers
LEFT JOIN customer_orders
    ON customers.customer_id = customer_orders.customer_id
WHERE customers.customer_id = :customer_id
ORDER BY customers.customer_id;
