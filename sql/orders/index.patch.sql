/*
title: Change orders
description: |
  Change status, priority or payment method of many orders, by number. An empty cell or a missing column
  leaves the value unchanged. The pieces of a cancelled order go back to stock where stock is counted. A
  cancelled order stays cancelled, and an order with an invoice cannot be cancelled.
input:
  order_id: {type: integer, required: true, min: 1, from: [order, id], example: 7}
  status: {type: choice, choices: [open, paid, shipped, cancelled], example: shipped}
  priority: {type: choice, choices: [Low, Medium, High, Critical], example: High}
  payment_method: {type: text, max: 50, example: card}
tags: [orders]
*/
SELECT
    'must be an existing order number' AS invalid,
    input.line,
    'order_id' AS column
FROM input
LEFT JOIN order_db.orders AS orders
    ON input.order_id = orders.order_id
WHERE orders.order_id IS NULL;

WITH numbered_lines AS (
    SELECT
        input.line,
        ROW_NUMBER() OVER (PARTITION BY input.order_id ORDER BY input.line) AS place
    FROM input
)

SELECT
    'appears twice' AS invalid,
    numbered_lines.line,
    'order_id' AS column
FROM numbered_lines
WHERE numbered_lines.place > 1;

SELECT
    'cannot be set: the order is cancelled' AS conflict,
    input.line,
    'status' AS column
FROM input
INNER JOIN order_db.orders AS orders
    ON input.order_id = orders.order_id
WHERE
    orders.status = 'cancelled'
    AND input.status <> 'cancelled';

SELECT
    'cannot be set: the order has the invoice ' || MIN(invoices.invoice_number) AS conflict,
    input.line,
    'status' AS column
FROM input
INNER JOIN order_db.orders AS orders
    ON input.order_id = orders.order_id
INNER JOIN invoice_db.invoices AS invoices
    ON orders.order_id = invoices.order_id
WHERE
    orders.status <> 'cancelled'
    AND input.status = 'cancelled'
GROUP BY input.line;

-- The web shop's orders were not taken from this stock.
WITH returned_products AS (
    SELECT
        order_lines.product_id,
        SUM(order_lines.quantity) AS quantity
    FROM input
    INNER JOIN order_db.orders AS orders
        ON input.order_id = orders.order_id
    INNER JOIN order_line_db.order_lines AS order_lines
        ON orders.order_id = order_lines.order_id
    WHERE
        orders.status <> 'cancelled'
        AND orders.source IS NULL
        AND input.status = 'cancelled'
        AND order_lines.quantity IS NOT NULL
    GROUP BY order_lines.product_id
)

UPDATE product_db.products AS products
SET stock = products.stock + returned_products.quantity
FROM returned_products
WHERE
    products.product_id = returned_products.product_id
    AND products.stock IS NOT NULL;

UPDATE order_db.orders AS orders
SET
    status = coalesce(input.status, orders.status),
    priority = coalesce(input.priority, orders.priority),
    payment_method = coalesce(input.payment_method, orders.payment_method)
FROM input
WHERE orders.order_id = input.order_id;
