/*
title: Load orders
description: |
  Load a sheet of new orders, one order line in each row. Rows with the same `order_key` are one order; the
  key can be any text and is not stored. The first row of an order gives its date, priority and payment
  method. A row without a price gets the current price of the product. Ordered pieces are taken from stock
  where stock is counted; if there are too few, nothing is loaded. Loading the same sheet twice adds the
  orders twice, unless it is sent with an Idempotency-Key.
input:
  order_key: {type: text, required: true, max: 100, from: [order, "order no"], example: A-17}
  customer_id: {type: integer, required: true, min: 1, from: customer, example: 1}
  ordered_at: {type: datetime, default: now, from: [date, order date], description: Date of the order}
  priority: {type: choice, choices: [Low, Medium, High, Critical], default: Medium}
  payment_method: {type: text, max: 50, example: card}
  product_id: {type: integer, required: true, min: 1, from: product, example: 3}
  quantity: {type: integer, required: true, min: 1, max: 1000000, example: 2}
  unit_price: {type: money, currency: USD, min: 0, max: 1000000, from: price, example: "24.90"}
  discount: {type: number, default: 0, min: 0, max: 1, description: A share; 0.3 is 30 percent}
tags: [orders]
*/
SELECT
    'must be an existing customer number' AS invalid,
    input.line,
    'customer_id' AS column
FROM input
LEFT JOIN customer_db.customers AS customers
    ON input.customer_id = customers.customer_id
WHERE customers.customer_id IS NULL;

SELECT
    'must be an existing product number' AS invalid,
    input.line,
    'product_id' AS column
FROM input
LEFT JOIN product_db.products AS products
    ON input.product_id = products.product_id
WHERE products.product_id IS NULL;

SELECT
    'is a product that is no longer sold' AS conflict,
    input.line,
    'product_id' AS column
FROM input
INNER JOIN product_db.products AS products
    ON input.product_id = products.product_id
WHERE products.discontinued = 1;

WITH numbered_lines AS (
    SELECT
        input.line,
        input.customer_id,
        FIRST_VALUE(input.customer_id) OVER (PARTITION BY input.order_key ORDER BY input.line)
            AS first_customer_id
    FROM input
)

SELECT
    'must be the same in all rows of an order' AS invalid,
    numbered_lines.line,
    'customer_id' AS column
FROM numbered_lines
WHERE numbered_lines.customer_id <> numbered_lines.first_customer_id;

WITH numbered_lines AS (
    SELECT
        input.line,
        ROW_NUMBER() OVER (
            PARTITION BY
                input.order_key,
                input.product_id
            ORDER BY input.line
        ) AS place
    FROM input
)

SELECT
    'appears twice in the order' AS invalid,
    numbered_lines.line,
    'product_id' AS column
FROM numbered_lines
WHERE numbered_lines.place > 1;

WITH wanted_products AS (
    SELECT
        input.product_id,
        SUM(input.quantity) AS quantity
    FROM input
    GROUP BY input.product_id
)

SELECT
    'Of ' || products.product_name || ' there are ' || CAST(products.stock AS TEXT)
    || ' left, not ' || CAST(wanted_products.quantity AS TEXT) || '.' AS conflict
FROM wanted_products
INNER JOIN product_db.products AS products
    ON wanted_products.product_id = products.product_id
WHERE products.stock < wanted_products.quantity
ORDER BY products.product_id;

WITH wanted_products AS (
    SELECT
        input.product_id,
        SUM(input.quantity) AS quantity
    FROM input
    GROUP BY input.product_id
)

UPDATE product_db.products AS products
SET stock = products.stock - wanted_products.quantity
FROM wanted_products
WHERE
    products.product_id = wanted_products.product_id
    AND products.stock IS NOT NULL;

-- Orders are numbered on in the order of the sheet.
WITH sheet_orders AS (
    SELECT
        input.line,
        input.customer_id,
        -- To the second.
        substr(input.ordered_at, 1, 19) || 'Z' AS ordered_at,
        input.priority,
        input.payment_method,
        ROW_NUMBER() OVER (PARTITION BY input.order_key ORDER BY input.line) AS place
    FROM input
),

last_orders AS (
    SELECT coalesce(MAX(orders.order_id), 0) AS order_id
    FROM order_db.orders AS orders
)

INSERT INTO order_db.orders (
    order_id,
    customer_id,
    order_date,
    ordered_at,
    status,
    priority,
    payment_method
)
SELECT
    last_orders.order_id + ROW_NUMBER() OVER (ORDER BY sheet_orders.line),
    sheet_orders.customer_id,
    substr(sheet_orders.ordered_at, 1, 10),
    sheet_orders.ordered_at,
    'open',
    sheet_orders.priority,
    sheet_orders.payment_method
FROM sheet_orders
CROSS JOIN last_orders
WHERE sheet_orders.place = 1
ORDER BY sheet_orders.line;

WITH sheet_lines AS (
    SELECT
        input.line,
        input.product_id,
        input.quantity,
        input.unit_price,
        input.discount,
        MIN(input.line) OVER (PARTITION BY input.order_key) AS first_line,
        ROW_NUMBER() OVER (PARTITION BY input.order_key ORDER BY input.line) AS line_number
    FROM input
),

-- The orders of the sheet are the newest that there are.
placed_lines AS (
    SELECT
        sheet_lines.line,
        sheet_lines.line_number,
        sheet_lines.product_id,
        sheet_lines.quantity,
        sheet_lines.unit_price,
        sheet_lines.discount,
        DENSE_RANK() OVER (ORDER BY sheet_lines.first_line DESC) AS place_from_end
    FROM sheet_lines
),

last_orders AS (
    SELECT MAX(orders.order_id) AS order_id
    FROM order_db.orders AS orders
),

priced_lines AS (
    SELECT
        placed_lines.line,
        last_orders.order_id + 1 - placed_lines.place_from_end AS order_id,
        placed_lines.line_number,
        placed_lines.product_id,
        placed_lines.quantity,
        coalesce(placed_lines.unit_price, products.unit_price_cents) AS unit_price_cents,
        placed_lines.discount
    FROM placed_lines
    INNER JOIN product_db.products AS products
        ON placed_lines.product_id = products.product_id
    CROSS JOIN last_orders
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
    priced_lines.order_id,
    priced_lines.line_number,
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
