/*
title: Order lines
description: |
  All order lines, including those of cancelled orders. A line without a quantity or a discount has no
  total.
params:
  order_id: {type: integer, required: false, min: 1, description: Only lines of this order}
  product_id: {type: integer, required: false, min: 1, description: Only lines of this product}
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  unknown_total:
    type: boolean
    required: false
    description: Only lines without a total (true) or with one (false)
  limit: {type: integer, default: 50, min: 1, max: 200, description: Lines on a page}
  offset: {type: integer, default: 0, min: 0, description: Lines to skip}
columns:
  order_id: {link: "/orders/{order_id}"}
  product_id: {link: "/products/{product_id}"}
  unit_price: {type: money}
  discount: {type: percent, description: Discount as a share of the price}
  line_total: {type: money, description: Quantity × price less the discount}
  profit: {type: money, description: Known only for lines of the web shop}
  shipping_cost: {type: money, description: Known only for lines of the web shop}
shape: page
sort:
  default: order_line_id.asc
  columns: [order_line_id, line_total]
  then: order_line_id
  description: Lines without a total last
filename: order_lines
tags: [orders]
*/
SELECT
    order_lines.order_line_id,
    order_lines.order_id,
    orders.order_date,
    order_lines.line_number,
    order_lines.product_id,
    products.product_name,
    order_lines.quantity,
    order_lines.unit_price_cents AS unit_price,
    order_lines.discount,
    order_lines.line_total_cents AS line_total,
    order_lines.profit_cents AS profit,
    order_lines.shipping_cost_cents AS shipping_cost
FROM order_line_db.order_lines AS order_lines
LEFT JOIN order_db.orders AS orders
    ON order_lines.order_id = orders.order_id
LEFT JOIN product_db.products AS products
    ON order_lines.product_id = products.product_id
WHERE
    (:order_id IS NULL OR order_lines.order_id = :order_id)
    AND (:product_id IS NULL OR order_lines.product_id = :product_id)
    AND (
        :unknown_total IS NULL
        OR CASE WHEN order_lines.line_total_cents IS NULL THEN 1 ELSE 0 END = :unknown_total
    )
    AND (
        -- Without a day nobody needs to be asked when it was.
        (:from = '1970-01-01' AND :to = '9999-12-31')
        OR orders.order_date BETWEEN :from AND :to
    )
ORDER BY order_lines.order_line_id
LIMIT :limit OFFSET :offset;
