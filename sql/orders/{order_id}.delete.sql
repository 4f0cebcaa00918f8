/*
title: Delete an order
description: |
  Delete an order that was added by mistake, with its lines. Its pieces go back to stock where stock is
  counted, unless the order was cancelled. An order with an invoice cannot be deleted.
params:
  order_id: {type: integer, min: 1, description: The order's number, example: 7}
tags: [orders]
*/
SELECT 'There is no order ' || CAST(:order_id AS TEXT) || '.' AS missing
WHERE NOT EXISTS (
    SELECT 1
    FROM order_db.orders AS orders
    WHERE orders.order_id = :order_id
);

SELECT
    'Order ' || CAST(:order_id AS TEXT) || ' has invoice '
    || invoices.invoice_number || '.' AS conflict
FROM invoice_db.invoices AS invoices
WHERE invoices.order_id = :order_id
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
        AND order_lines.quantity IS NOT NULL
)

UPDATE product_db.products AS products
SET stock = products.stock + returned_lines.quantity
FROM returned_lines
WHERE
    products.product_id = returned_lines.product_id
    AND products.stock IS NOT NULL;

DELETE FROM order_line_db.order_lines AS order_lines
WHERE order_lines.order_id = :order_id;

DELETE FROM order_db.orders AS orders
WHERE orders.order_id = :order_id;
