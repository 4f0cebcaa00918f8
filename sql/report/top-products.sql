/*
title: Best-selling products
description: Products with the highest sales in a period, without cancelled orders.
params:
  from: {type: date, default: 1970-01-01, description: Orders placed on or after this day}
  until: {type: date, default: 9999-12-31, description: Orders placed on or before this day}
  categories:
    type: choice
    many: true
    required: false
    choices_sql: |
      SELECT categories.category_name
      FROM product_db.categories AS categories
      ORDER BY categories.category_name
    description: Only these categories
  limit: {type: integer, default: 20, min: 1, max: 1000, description: Number of products}
columns:
  customer_count: {total: false, description: A customer of several products counts for each}
  product_id: {link: "/products/{product_id}"}
  sales: {type: money}
chart: {type: bar, x: product_name, y: sales}
filename: top_{limit}_products
*/
WITH product_sales AS (
    SELECT
        order_lines.product_id,
        SUM(order_lines.quantity) AS quantity,
        SUM(order_lines.line_total_cents) AS sales,
        COUNT(DISTINCT orders.customer_id) AS customer_count
    FROM order_line_db.order_lines AS order_lines
    INNER JOIN order_db.orders AS orders
        ON order_lines.order_id = orders.order_id
    WHERE
        orders.order_date BETWEEN :from AND :until
        AND orders.status <> 'cancelled'
    -- With the + SQLite goes through the lines as they stand and sorts; by the index of products it would take
    -- five times as long.
    GROUP BY +order_lines.product_id
)

SELECT
    products.product_id,
    products.product_name,
    categories.category_name,
    product_sales.quantity,
    product_sales.sales,
    product_sales.customer_count
FROM product_sales
INNER JOIN product_db.products AS products
    ON product_sales.product_id = products.product_id
INNER JOIN product_db.categories AS categories
    ON products.category_id = categories.category_id
WHERE
    :categories IS NULL
    -- json_each is SQLite's; PostgreSQL has json_array_elements_text.
    OR categories.category_name IN (SELECT chosen.value FROM json_each(:categories) AS chosen)
ORDER BY
    product_sales.sales DESC,
    products.product_id
LIMIT :limit;
