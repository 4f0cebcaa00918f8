/*
title: Top products
description: |
  Products with the highest sales, highest first. Cancelled orders are left out. Lines have no currency, so
  amounts are added as they are. A line without a quantity or a discount adds nothing to the sales.
params:
  limit: {type: integer, default: 5, min: 1, max: 1000, description: Number of products}
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  source:
    type: choice
    default: all
    choices: [all, shop, desk]
    description: Orders of the web shop, all other orders, or all
columns:
  order_count: {total: false}
  product_id: {link: "/products/{product_id}"}
  sales: {type: money, description: Amount paid after discounts}
chart: {type: bar, x: product_name, y: sales}
filename: top_{limit}_products
tags: [analytics]
*/
WITH product_sales AS (
    SELECT
        order_lines.product_id,
        -- A product comes once in an order.
        COUNT(*) AS order_count,
        SUM(order_lines.quantity) AS quantity,
        coalesce(SUM(order_lines.line_total_cents), 0) AS sales
    FROM order_line_db.order_lines AS order_lines
    INNER JOIN order_db.orders AS orders
        ON order_lines.order_id = orders.order_id
    WHERE
        orders.status <> 'cancelled'
        AND orders.order_date BETWEEN :from AND :to
        AND (:source = 'all' OR coalesce(orders.source, 'desk') = :source)
    -- With the + SQLite goes through the orders and sorts; by the index of products it would take seven times
    -- as long.
    GROUP BY +order_lines.product_id
)

SELECT
    product_sales.product_id,
    products.product_name,
    categories.category_name,
    product_sales.order_count,
    product_sales.quantity,
    product_sales.sales
FROM product_sales
LEFT JOIN product_db.products AS products
    ON product_sales.product_id = products.product_id
LEFT JOIN product_db.categories AS categories
    ON products.category_id = categories.category_id
ORDER BY
    product_sales.sales DESC,
    product_sales.product_id
LIMIT :limit;
