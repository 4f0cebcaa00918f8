/*
title: One order
description: |
  An order with its customer and its lines. A line without a quantity or a discount has no total, and adds
  nothing to the total of the order.
params:
  order_id: {type: integer, min: 1, description: "The order's number", example: 7}
columns:
  customer_id: {link: "/customers/{customer_id}"}
  product_id: {link: "/products/{product_id}"}
  order_total: {type: money, description: "Total of the lines; null if the total of every line is unknown"}
  unit_price: {type: money}
  discount: {type: percent, description: Discount as a share of the price}
  line_total: {type: money, description: Quantity × price less the discount}
  profit: {type: money, description: Known only for lines of the web shop}
  shipping_cost: {type: money, description: Known only for lines of the web shop}
shape:
  nest:
    lines:
      - line_number
      - product_id
      - product_name
      - quantity
      - unit_price
      - discount
      - line_total
      - profit
      - shipping_cost
filename: order_{order_id}
tags: [orders]
*/
WITH order_totals AS (
    SELECT
        order_lines.order_id,
        SUM(order_lines.line_total_cents) AS total_cents
    FROM order_line_db.order_lines AS order_lines
    WHERE order_lines.order_id = :order_id
    GROUP BY order_lines.order_id
)

SELECT
    orders.order_id,
    orders.order_date,
    orders.ordered_at,
    orders.status,
    orders.priority,
    orders.customer_id,
    customers.customer_name,
    customers.city,
    orders.device_type,
    orders.payment_method,
    orders.aging_days,
    orders.source,
    order_totals.total_cents AS order_total,
    order_lines.line_number,
    order_lines.product_id,
    products.product_name,
    order_lines.quantity,
    order_lines.unit_price_cents AS unit_price,
    order_lines.discount,
    order_lines.line_total_cents AS line_total,
    order_lines.profit_cents AS profit,
    order_lines.shipping_cost_cents AS shipping_cost
FROM order_db.orders AS orders
LEFT JOIN customer_db.customers AS customers
    ON orders.customer_id = customers.customer_id
LEFT JOIN order_totals
    ON orders.order_id = order_totals.order_id
LEFT JOIN order_line_db.order_lines AS order_lines
    ON orders.order_id = order_lines.order_id
LEFT JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
WHERE orders.order_id = :order_id
ORDER BY order_lines.line_number;
