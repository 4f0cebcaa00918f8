/*
title: Change an order
description: |
  Change the given fields of an order. The pieces of a cancelled order go back to stock where stock is
  counted. A cancelled order stays cancelled, and an order with an invoice cannot be cancelled. The response
  is the order.
params:
  order_id: {type: integer, min: 1, description: The order's number, example: 7}
  status: {type: choice, required: false, choices: [open, paid, shipped, cancelled]}
  priority: {type: choice, required: false, choices: [Low, Medium, High, Critical]}
  payment_method: {type: text, required: false, max: 50, example: card}
shape: record
tags: [orders]
*/
SELECT 'There is no order ' || CAST(:order_id AS TEXT) || '.' AS missing
WHERE NOT EXISTS (
    SELECT 1
    FROM order_db.orders AS orders
    WHERE orders.order_id = :order_id
);

SELECT 'Order ' || CAST(:order_id AS TEXT) || ' is cancelled and cannot be changed back.' AS conflict
FROM order_db.orders AS orders
WHERE
    orders.order_id = :order_id
    AND orders.status = 'cancelled'
    AND :status <> 'cancelled';

SELECT
    'Order ' || CAST(:order_id AS TEXT) || ' has the invoice ' || invoices.invoice_number
    || ' and cannot be cancelled.' AS conflict
FROM order_db.orders AS orders
INNER JOIN invoice_db.invoices AS invoices
    ON orders.order_id = invoices.order_id
WHERE
    orders.order_id = :order_id
    AND orders.status <> 'cancelled'
    AND :status = 'cancelled'
ORDER BY invoices.invoice_id;

-- The web shop's orders were not taken from this stock.
WITH returned_lines AS (
    SELECT
        order_lines.product_id,
        order_lines.quantity
    FROM order_db.orders AS orders
    INNER JOIN order_line_db.order_lines AS order_lines
        ON orders.order_id = order_lines.order_id
    WHERE
        orders.order_id = :order_id
        AND orders.status <> 'cancelled'
        AND orders.source IS NULL
        AND :status = 'cancelled'
        AND order_lines.quantity IS NOT NULL
)

UPDATE product_db.products AS products
SET stock = products.stock + returned_lines.quantity
FROM returned_lines
WHERE
    products.product_id = returned_lines.product_id
    AND products.stock IS NOT NULL;

UPDATE order_db.orders AS orders
SET
    status = coalesce(:status, orders.status),
    priority = coalesce(:priority, orders.priority),
    payment_method = coalesce(:payment_method, orders.payment_method)
WHERE orders.order_id = :order_id
RETURNING
    orders.order_id,
    orders.customer_id,
    orders.ordered_at,
    orders.status,
    orders.priority,
    orders.payment_method;
