/*
title: Change a sale
description: |
  Change quantity or price of a sale, which is an order with one line. Stock is updated where it is counted.
  A sale that is cancelled or has an invoice cannot be changed. The response is the sale.
params:
  order_id: {type: integer, min: 1, description: The order's number, example: 3}
  quantity: {type: integer, required: false, min: 1, max: 1000000, description: Number of pieces}
  price:
    type: number
    required: false
    min: 0
    max: 1000000
    description: Price of one piece, rounded to two decimals
columns:
  unit_price: {type: money}
  total: {type: money}
shape: record
tags: [sales]
*/
SELECT 'There is no sale ' || CAST(:order_id AS TEXT) || ' (an order with one line).' AS missing
WHERE (
    SELECT COUNT(*)
    FROM order_db.orders AS orders
    INNER JOIN order_line_db.order_lines AS order_lines
        ON orders.order_id = order_lines.order_id
    WHERE orders.order_id = :order_id
) <> 1;

SELECT 'Sale ' || CAST(:order_id AS TEXT) || ' is cancelled and cannot be changed.' AS conflict
FROM order_db.orders AS orders
WHERE
    orders.order_id = :order_id
    AND orders.status = 'cancelled';

SELECT
    'Sale ' || CAST(:order_id AS TEXT) || ' has the invoice ' || invoices.invoice_number
    || ' and cannot be changed.' AS conflict
FROM invoice_db.invoices AS invoices
WHERE invoices.order_id = :order_id
ORDER BY invoices.invoice_id;

SELECT
    'Of ' || products.product_name || ' there are '
    || CAST(products.stock + coalesce(order_lines.quantity, 0) AS TEXT)
    || ' left, with those of this sale, not ' || CAST(:quantity AS TEXT) || '.' AS conflict
FROM order_line_db.order_lines AS order_lines
INNER JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
WHERE
    order_lines.order_id = :order_id
    AND products.stock + coalesce(order_lines.quantity, 0) < :quantity;

UPDATE product_db.products AS products
SET stock = products.stock + coalesce(order_lines.quantity, 0) - :quantity
FROM order_line_db.order_lines AS order_lines
WHERE
    order_lines.order_id = :order_id
    AND products.product_id = order_lines.product_id
    AND products.stock IS NOT NULL
    AND :quantity IS NOT NULL;

WITH changed_lines AS (
    SELECT
        order_lines.order_line_id,
        coalesce(:quantity, order_lines.quantity) AS quantity,
        coalesce(CAST(round(:price * 100) AS INTEGER), order_lines.unit_price_cents)
            AS unit_price_cents,
        order_lines.discount
    FROM order_line_db.order_lines AS order_lines
    WHERE order_lines.order_id = :order_id
)

UPDATE order_line_db.order_lines AS order_lines
SET
    quantity = changed_lines.quantity,
    unit_price_cents = changed_lines.unit_price_cents,
    -- The discount counts to a hundredth of a percent, so that half a cent is rounded up exactly.
    line_total_cents = (
        changed_lines.quantity * changed_lines.unit_price_cents
        * (10000 - CAST(round(changed_lines.discount * 10000) AS INTEGER))
        + 5000
    ) / 10000
FROM changed_lines
WHERE order_lines.order_line_id = changed_lines.order_line_id;

SELECT
    orders.order_id,
    orders.customer_id,
    orders.ordered_at AS sold_at,
    orders.status,
    orders.payment_method,
    order_lines.product_id,
    products.product_name AS item,
    order_lines.quantity,
    order_lines.unit_price_cents AS unit_price,
    order_lines.line_total_cents AS total,
    products.stock AS stock_left
FROM order_db.orders AS orders
INNER JOIN order_line_db.order_lines AS order_lines
    ON orders.order_id = order_lines.order_id
INNER JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
WHERE orders.order_id = :order_id;
