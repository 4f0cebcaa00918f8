/*
title: Delete orders
description: |
  Delete many orders with their lines, by number. Their pieces go back to stock where stock is counted. A
  row is rejected if the order does not exist, or has an invoice.
input:
  order_id: {type: integer, required: true, min: 1, from: [order, id], example: 7}
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

SELECT
    'has invoice ' || MIN(invoices.invoice_number) AS conflict,
    input.line,
    'order_id' AS column
FROM input
INNER JOIN invoice_db.invoices AS invoices
    ON input.order_id = invoices.order_id
GROUP BY input.line;

-- The web shop's orders were not taken from this stock.
WITH returned_products AS (
    SELECT
        order_lines.product_id,
        SUM(order_lines.quantity) AS quantity
    FROM order_db.orders AS orders
    INNER JOIN order_line_db.order_lines AS order_lines
        ON orders.order_id = order_lines.order_id
    WHERE
        orders.order_id IN (SELECT input.order_id FROM input)
        AND orders.status <> 'cancelled'
        AND orders.source IS NULL
        AND order_lines.quantity IS NOT NULL
    GROUP BY order_lines.product_id
)

UPDATE product_db.products AS products
SET stock = products.stock + returned_products.quantity
FROM returned_products
WHERE
    products.product_id = returned_products.product_id
    AND products.stock IS NOT NULL;

DELETE FROM order_line_db.order_lines AS order_lines
WHERE order_lines.order_id IN (SELECT input.order_id FROM input);

DELETE FROM order_db.orders AS orders
WHERE orders.order_id IN (SELECT input.order_id FROM input);
