/*
title: Replace an order's lines
description: |
  Replace all lines of an order; the new lines are numbered from 1. The pieces of the old lines go back to
  stock, and those of the new lines are taken from it. The lines of an order that is shipped or cancelled,
  or has an invoice, cannot be replaced.
params:
  order_id: {type: integer, min: 1, description: The order's number, example: 7}
input:
  product_id: {type: integer, required: true, min: 1, from: product, example: 3}
  quantity: {type: integer, required: true, min: 1, max: 1000000, example: 2}
  unit_price: {type: money, currency: USD, min: 0, max: 1000000, from: price, example: "24.90"}
  discount: {type: number, default: 0, min: 0, max: 1, description: A share; 0.3 is 30 percent}
rows_in: lines
columns:
  order_total: {type: money}
  unit_price: {type: money}
  line_total: {type: money}
shape:
  nest:
    lines: [line_number, product_id, product_name, quantity, unit_price, discount, line_total]
tags: [orders]
*/
SELECT 'There is no order ' || CAST(:order_id AS TEXT) || '.' AS missing
WHERE NOT EXISTS (
    SELECT 1
    FROM order_db.orders AS orders
    WHERE orders.order_id = :order_id
);

SELECT 'Order ' || CAST(:order_id AS TEXT) || ' is ' || orders.status || '; its lines cannot be replaced.' AS conflict
FROM order_db.orders AS orders
WHERE
    orders.order_id = :order_id
    AND orders.status IN ('shipped', 'cancelled');

SELECT
    'Order ' || CAST(:order_id AS TEXT) || ' has the invoice ' || invoices.invoice_number
    || '; its lines cannot be replaced.' AS conflict
FROM invoice_db.invoices AS invoices
WHERE invoices.order_id = :order_id
ORDER BY invoices.invoice_id;

SELECT
    'must be an existing product number' AS invalid,
    input.line,
    'product_id' AS column
FROM input
LEFT JOIN product_db.products AS products
    ON input.product_id = products.product_id
WHERE products.product_id IS NULL;

WITH numbered_lines AS (
    SELECT
        input.line,
        ROW_NUMBER() OVER (PARTITION BY input.product_id ORDER BY input.line) AS place
    FROM input
)

SELECT
    'appears twice' AS invalid,
    numbered_lines.line,
    'product_id' AS column
FROM numbered_lines
WHERE numbered_lines.place > 1;

SELECT 'An order needs at least one line.' AS invalid
WHERE NOT EXISTS (SELECT 1 FROM input);

-- What the order has already may stay in it, also when it is not sold any more.
SELECT products.product_name || ' is no longer sold.' AS conflict
FROM input
INNER JOIN product_db.products AS products
    ON input.product_id = products.product_id
LEFT JOIN order_line_db.order_lines AS order_lines
    ON
        input.product_id = order_lines.product_id
        AND order_lines.order_id = :order_id
WHERE
    products.discontinued = 1
    AND order_lines.order_line_id IS NULL
ORDER BY input.line;

UPDATE product_db.products AS products
SET stock = products.stock + coalesce(order_lines.quantity, 0)
FROM order_line_db.order_lines AS order_lines
WHERE
    products.product_id = order_lines.product_id
    AND order_lines.order_id = :order_id
    AND products.stock IS NOT NULL;

SELECT
    'Of ' || products.product_name || ' there are ' || CAST(products.stock AS TEXT)
    || ' left, with those of this order, not ' || CAST(input.quantity AS TEXT) || '.' AS conflict
FROM input
INNER JOIN product_db.products AS products
    ON input.product_id = products.product_id
WHERE products.stock < input.quantity
ORDER BY input.line;

UPDATE product_db.products AS products
SET stock = products.stock - input.quantity
FROM input
WHERE
    products.product_id = input.product_id
    AND products.stock IS NOT NULL;

DELETE FROM order_line_db.order_lines AS order_lines
WHERE order_lines.order_id = :order_id;

WITH priced_lines AS (
    SELECT
        input.line,
        input.product_id,
        input.quantity,
        coalesce(input.unit_price, products.unit_price_cents) AS unit_price_cents,
        input.discount
    FROM input
    INNER JOIN product_db.products AS products
        ON input.product_id = products.product_id
)

INSERT INTO order_line_db.order_lines (
    order_id,
    line_number,
    product_id,
    quantity,
    unit_price_cents,
    discount,
    line_total_cents
)
SELECT
    :order_id,
    ROW_NUMBER() OVER (ORDER BY priced_lines.line),
    priced_lines.product_id,
    priced_lines.quantity,
    priced_lines.unit_price_cents,
    priced_lines.discount,
    -- The discount counts to a hundredth of a percent, so that half a cent is rounded up exactly.
    (
        priced_lines.quantity * priced_lines.unit_price_cents
        * (10000 - CAST(round(priced_lines.discount * 10000) AS INTEGER))
        + 5000
    ) / 10000
FROM priced_lines
ORDER BY priced_lines.line;

SELECT
    orders.order_id,
    orders.customer_id,
    orders.ordered_at,
    orders.status,
    orders.priority,
    orders.payment_method,
    SUM(order_lines.line_total_cents) OVER () AS order_total,
    order_lines.line_number,
    order_lines.product_id,
    products.product_name,
    order_lines.quantity,
    order_lines.unit_price_cents AS unit_price,
    order_lines.discount,
    order_lines.line_total_cents AS line_total
FROM order_db.orders AS orders
INNER JOIN order_line_db.order_lines AS order_lines
    ON orders.order_id = order_lines.order_id
INNER JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
WHERE orders.order_id = :order_id
ORDER BY order_lines.line_number;
