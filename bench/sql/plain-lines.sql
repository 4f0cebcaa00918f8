/*
title: All order lines of plain tables
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
    order_lines.line_total
FROM order_line_db.order_lines AS order_lines
INNER JOIN order_db.orders AS orders
    ON order_lines.order_id = orders.order_id
INNER JOIN customer_db.customers AS customers
    ON orders.customer_id = customers.customer_id
INNER JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
ORDER BY order_lines.order_line_id;
