/*
title: Sales
description: |
  Sales over the counter: orders with one line. Search looks in the names of the product and the customer,
  and ignores upper and lower case of A to Z.
params:
  q: {type: text, required: false, max: 100, description: "Part of the product's or the customer's name"}
  city: {type: text, required: false, max: 100, description: Only customers of this city}
  status: {type: choice, required: false, choices: [open, paid, shipped, cancelled]}
  from: {type: date, default: 1970-01-01, description: Sold on or after this day}
  to: {type: date, default: 9999-12-31, description: Sold on or before this day}
  min_total: {type: number, default: 0, min: 0, max: 1000000000000, description: Lowest total}
  limit: {type: integer, default: 50, min: 1, max: 200, description: Sales on a page}
  offset: {type: integer, default: 0, min: 0, description: Sales to skip}
columns:
  order_id: {link: "/orders/{order_id}"}
  customer_id: {link: "/customers/{customer_id}"}
  product_id: {link: "/products/{product_id}"}
  unit_price: {type: money}
  total: {type: money}
shape: page
sort: {default: sold_at.desc, columns: [sold_at, total], then: order_id}
filename: sales
tags: [sales]
*/
WITH single_orders AS (
    SELECT order_lines.order_id
    FROM order_line_db.order_lines AS order_lines
    GROUP BY order_lines.order_id
    HAVING COUNT(*) = 1
)

SELECT
    orders.order_id,
    orders.ordered_at AS sold_at,
    orders.status,
    orders.payment_method,
    orders.customer_id,
    customers.customer_name,
    customers.city,
    order_lines.product_id,
    products.product_name AS item,
    order_lines.quantity,
    order_lines.unit_price_cents AS unit_price,
    order_lines.discount,
    order_lines.line_total_cents AS total
FROM single_orders
INNER JOIN order_db.orders AS orders
    ON single_orders.order_id = orders.order_id
INNER JOIN order_line_db.order_lines AS order_lines
    ON orders.order_id = order_lines.order_id
INNER JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
INNER JOIN customer_db.customers AS customers
    ON orders.customer_id = customers.customer_id
WHERE
    orders.order_date BETWEEN :from AND :to
    AND (:status IS NULL OR orders.status = :status)
    AND (:city IS NULL OR lower(customers.city) = lower(:city))
    AND coalesce(order_lines.line_total_cents, 0) >= CAST(round(:min_total * 100) AS INTEGER)
    AND (
        :q IS NULL
        -- instr is SQLite's; PostgreSQL has position(… IN …).
        OR instr(lower(products.product_name), lower(:q)) > 0
        OR instr(lower(customers.customer_name), lower(:q)) > 0
    )
ORDER BY
    sold_at DESC,
    orders.order_id
LIMIT :limit OFFSET :offset;
