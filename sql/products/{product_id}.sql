/*
title: One product
description: |
  A product with its sales, without cancelled orders. A line without a quantity or a discount adds nothing
  to the sales.
params:
  product_id: {type: integer, min: 1, description: "The product's number", example: 1}
columns:
  unit_price: {type: money, description: Current price}
  discontinued: {type: boolean}
  sales: {type: money, description: Amount paid after discounts}
shape: record
filename: product_{product_id}
tags: [products]
*/
WITH product_sales AS (
    SELECT
        order_lines.product_id,
        COUNT(*) AS order_count,
        SUM(order_lines.quantity) AS quantity,
        SUM(order_lines.line_total_cents) AS sales,
        MAX(orders.order_date) AS last_order_date
    FROM order_line_db.order_lines AS order_lines
    INNER JOIN order_db.orders AS orders
        ON order_lines.order_id = orders.order_id
    WHERE
        order_lines.product_id = :product_id
        AND orders.status <> 'cancelled'
    GROUP BY order_lines.product_id
)

SELECT
    products.product_id,
    products.product_name,
    products.category_id,
    categories.category_name,
    products.unit_price_cents AS unit_price,
    products.stock,
    products.discontinued,
    -- A product comes once in an order.
    coalesce(product_sales.order_count, 0) AS order_count,
    coalesce(product_sales.quantity, 0) AS quantity_sold,
    coalesce(product_sales.sales, 0) AS sales,
    product_sales.last_order_date
FROM product_db.products AS products
INNER JOIN product_db.categories AS categories
    ON products.category_id = categories.category_id
LEFT JOIN product_sales
    ON products.product_id = product_sales.product_id
WHERE products.product_id = :product_id
ORDER BY products.product_id;
