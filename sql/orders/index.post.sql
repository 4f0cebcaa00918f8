/*
title: New order
description: |
  Add an order with its lines. A line without a price gets the current price of the product; a line without
  a discount has none. Ordered pieces are taken from stock where stock is counted; if there are too few,
  nothing is added and the error names the product. The response is the order with its lines.
params:
  customer_id: {type: integer, min: 1, description: The customer's number, example: 1}
  priority: {type: choice, choices: [Low, Medium, High, Critical], default: Medium}
  payment_method: {type: text, required: false, max: 50, example: card}
  ordered_at: {type: datetime, default: now, description: Date of the order}
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
SELECT 'There is no customer ' || CAST(:customer_id AS TEXT) || '.' AS invalid
WHERE NOT EXISTS (
    SELECT 1
    FROM customer_db.customers AS customers
    WHERE customers.customer_id = :customer_id
);

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

SELECT products.product_name || ' is no longer sold.' AS conflict
FROM input
INNER JOIN product_db.products AS products
    ON input.product_id = products.product_id
WHERE products.discontinued = 1
ORDER BY input.line;

SELECT
    'Of ' || products.product_name || ' there are ' || CAST(products.stock AS TEXT)
    || ' left, not ' || CAST(input.quantity AS TEXT) || '.' AS conflict
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

INSERT INTO order_db.orders (
    customer_id,
    order_date,
    ordered_at,
    status,
    priority,
    payment_method
)
VALUES (
    :customer_id,
    substr(:ordered_at, 1, 10),
    -- To the second.
    substr(:ordered_at, 1, 19) || 'Z',
    'open',
    :priority,
    :payment_method
);

-- The newest order is the one that has just been entered: nobody else writes meanwhile.
WITH new_orders AS (
    SELECT MAX(orders.order_id) AS order_id
    FROM order_db.orders AS orders
),

priced_lines AS (
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
    new_orders.order_id,
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
CROSS JOIN new_orders
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
WHERE orders.order_id = (SELECT MAX(new_orders.order_id) FROM order_db.orders AS new_orders)
ORDER BY order_lines.line_number;
