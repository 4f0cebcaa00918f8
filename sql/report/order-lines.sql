/*
title: All order lines
description: Every order line with its customer and product, in the order of entry.
params:
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  until: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
columns:
  order_id: {link: "/orders/{order_id}"}
  customer_id: {link: "/customers/{customer_id}"}
  discount: {type: percent, description: Discount as a share of the price}
  line_total: {type: money, description: In the customer's currency}
filename: order_lines
*/
SELECT
    order_lines.order_line_id,
    orders.order_id,
    orders.order_date,
    orders.status,
    customers.customer_id,
    customers.customer_name,
    customers.city,
    products.product_name,
    order_lines.quantity,
    order_lines.discount,
    order_lines.line_total_cents AS line_total
FROM order_line_db.order_lines AS order_lines
INNER JOIN order_db.orders AS orders
    ON order_lines.order_id = orders.order_id
INNER JOIN customer_db.customers AS customers
    ON orders.customer_id = customers.customer_id
INNER JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
WHERE
    orders.order_date >= :from
    AND orders.order_date <= :until
ORDER BY order_lines.order_line_id;
