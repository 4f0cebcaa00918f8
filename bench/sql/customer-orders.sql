/*
title: Orders of one customer
params:
  customer_id: {type: integer}
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
WHERE orders.customer_id = :customer_id
ORDER BY
    orders.order_date DESC,
    orders.order_id DESC,
    order_lines.line_number;
