/*
title: New sale
description: |
  Sell one product, given by name or number. The sale is an order with one line, and counts as paid. Without
  a price, the current price of the product is used. Without a customer, the sale is entered for the
  customer Walk-in, who is added with the first such sale. The pieces are taken from stock where stock is
  counted; if there are too few, nothing is sold. The response is the sale.
params:
  item: {type: text, required: false, min: 1, max: 200, description: "The product's name, if product_id is not given"}
  product_id: {type: integer, required: false, min: 1, description: "The product's number", example: 3}
  quantity: {type: integer, min: 1, max: 1000000, description: Number of pieces, example: 2}
  price:
    type: number
    required: false
    min: 0
    max: 1000000
    description: Price of one piece, rounded to two decimals (the current price if not given)
  customer_id: {type: integer, required: false, min: 1, description: The customer's number}
  payment_method: {type: text, required: false, max: 50, example: card}
  sold_at: {type: datetime, default: now, description: Time of the sale}
columns:
  unit_price: {type: money}
  total: {type: money}
shape: record
tags: [sales]
*/
SELECT 'Give item or product_id, not both.' AS invalid
WHERE (:item IS NULL) = (:product_id IS NULL);

SELECT 'There is no product ' || coalesce(trim(:item), CAST(:product_id AS TEXT)) || '.' AS invalid
WHERE NOT EXISTS (
    SELECT 1
    FROM product_db.products AS products
    WHERE products.product_id = :product_id OR products.product_name = trim(:item)
);

SELECT 'There is no customer ' || CAST(:customer_id AS TEXT) || '.' AS invalid
WHERE
    :customer_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM customer_db.customers AS customers
        WHERE customers.customer_id = :customer_id
    );

SELECT products.product_name || ' is no longer sold.' AS conflict
FROM product_db.products AS products
WHERE
    (products.product_id = :product_id OR products.product_name = trim(:item))
    AND products.discontinued = 1;

SELECT
    'Of ' || products.product_name || ' there are ' || CAST(products.stock AS TEXT)
    || ' left, not ' || CAST(:quantity AS TEXT) || '.' AS conflict
FROM product_db.products AS products
WHERE
    (products.product_id = :product_id OR products.product_name = trim(:item))
    AND products.stock < :quantity;

UPDATE product_db.products AS products
SET stock = products.stock - :quantity
WHERE
    (products.product_id = :product_id OR products.product_name = trim(:item))
    AND products.stock IS NOT NULL;

INSERT INTO customer_db.customers (customer_name, created_at)
SELECT
    'Walk-in',
    substr(:sold_at, 1, 19) || 'Z'
WHERE
    :customer_id IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM customer_db.customers AS customers
        WHERE lower(customers.customer_name) = 'walk-in'
    );

-- Of customers with that name it is the oldest.
WITH walk_in_customers AS (
    SELECT MIN(customers.customer_id) AS customer_id
    FROM customer_db.customers AS customers
    WHERE lower(customers.customer_name) = 'walk-in'
)

INSERT INTO order_db.orders (
    customer_id,
    order_date,
    ordered_at,
    status,
    priority,
    payment_method
)
SELECT
    coalesce(:customer_id, walk_in_customers.customer_id),
    substr(:sold_at, 1, 10),
    -- To the second.
    substr(:sold_at, 1, 19) || 'Z',
    'paid',
    'Medium',
    :payment_method
FROM walk_in_customers;

-- The newest order is the one that has just been entered: nobody else writes meanwhile.
WITH new_orders AS (
    SELECT MAX(orders.order_id) AS order_id
    FROM order_db.orders AS orders
),

priced_products AS (
    SELECT
        products.product_id,
        coalesce(CAST(round(:price * 100) AS INTEGER), products.unit_price_cents)
            AS unit_price_cents
    FROM product_db.products AS products
    WHERE products.product_id = :product_id OR products.product_name = trim(:item)
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
    1,
    priced_products.product_id,
    :quantity,
    priced_products.unit_price_cents,
    0,
    :quantity * priced_products.unit_price_cents
FROM priced_products
CROSS JOIN new_orders;

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
WHERE orders.order_id = (SELECT MAX(new_orders.order_id) FROM order_db.orders AS new_orders);
