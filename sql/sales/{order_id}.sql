/*
title: One sale
description: A sale over the counter, which is an order with one line.
params:
  order_id: {type: integer, min: 1, description: The order's number, example: 3}
columns:
  unit_price: {type: money}
  total: {type: money}
shape: record
filename: sale_{order_id}
tags: [sales]
*/
SELECT
    orders.order_id,
    orders.ordered_at AS sold_at,
    orders.status,
    orders.payment_method,
    orders.customer_id,
    customers.customer_name,
    order_lines.product_id,
    products.product_name AS item,
    order_lines.quantity,
    order_lines.unit_price_cents AS unit_price,
    order_lines.discount,
    order_lines.line_total_cents AS total
FROM order_db.orders AS orders
INNER JOIN order_line_db.order_lines AS order_lines
    ON orders.order_id = order_lines.order_id
INNER JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
INNER JOIN customer_db.customers AS customers
    ON orders.customer_id = customers.customer_id
WHERE
    orders.order_id = :order_id
    AND NOT EXISTS (
        SELECT 1
        FROM order_line_db.order_lines AS other_lines
        WHERE
            other_lines.order_id = orders.order_id
            AND other_lines.order_line_id <> order_lines.order_line_id
    );
