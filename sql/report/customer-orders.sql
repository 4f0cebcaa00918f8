/*
title: Orders of one customer
description: Every order line of a customer with its total, newest order first.
params:
  customer_id: {type: integer, min: 1, description: The customer's number, example: 1}
  since: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
columns:
  order_id: {link: "/orders/{order_id}"}
  unit_price: {type: money}
  discount: {type: percent, description: Discount as a share of the price}
  line_total: {type: money, description: Quantity × price less the discount}
filename: customer_{customer_id}_orders
sheet: orders
*/
SELECT
    orders.order_id,
    orders.order_date,
    orders.status,
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
WHERE
    orders.customer_id = :customer_id
    AND orders.order_date >= :since
ORDER BY
    orders.order_date DESC,
    orders.order_id DESC,
    order_lines.line_number;
