/*
title: Categories
description: All categories, with the number of products in each.
params:
  q: {type: text, required: false, max: 100, description: Part of a name (ignores case)}
  limit: {type: integer, default: 50, min: 1, max: 200, description: Categories on a page}
  offset: {type: integer, default: 0, min: 0, description: Categories to skip}
shape: page
sort: {default: category_name.asc, columns: [category_name, category_id], then: category_id}
filename: categories
tags: [products]
*/
WITH category_products AS (
    SELECT
        products.category_id,
        COUNT(*) AS product_count
    FROM product_db.products AS products
    GROUP BY products.category_id
)

SELECT
    categories.category_id,
    categories.category_name,
    coalesce(category_products.product_count, 0) AS product_count
FROM product_db.categories AS categories
LEFT JOIN category_products
    ON categories.category_id = category_products.category_id
WHERE
    :q IS NULL
    -- instr is SQLite's; PostgreSQL has position(… IN …).
    OR instr(lower(categories.category_name), lower(:q)) > 0
ORDER BY
    categories.category_name,
    categories.category_id
LIMIT :limit OFFSET :offset;
