/*
title: Change products
description: |
  Change many products by number. An empty cell or a missing column leaves the value unchanged. A new
  category is added.
input:
  product_id: {type: integer, required: true, min: 1, from: [product, id], example: 1}
  product_name: {type: text, max: 200, from: name, example: Amber Desk Lamp}
  category_name: {type: text, max: 100, from: category, example: Lighting}
  unit_price: {type: money, currency: USD, min: 0, max: 1000000, from: price, example: "24.90"}
  stock: {type: integer, min: 0, max: 1000000000, example: 40}
  discontinued: {type: boolean, example: false}
tags: [products]
*/
SELECT
    'must be an existing product number' AS invalid,
    input.line,
    'product_id' AS column
FROM input
LEFT JOIN product_db.products AS products
    ON input.product_id = products.product_id
WHERE products.product_id IS NULL;

WITH numbered_lines AS (
    SELECT
        input.line,
        ROW_NUMBER() OVER (PARTITION BY input.product_id ORDER BY input.line) AS place
    FROM input
)

SELECT
    'appears twice' AS invalid,
    numbered_lines.line,
    'product_id' AS column
FROM numbered_lines
WHERE numbered_lines.place > 1;

SELECT
    'is the name of product ' || CAST(products.product_id AS TEXT) AS conflict,
    input.line,
    'product_name' AS column
FROM input
INNER JOIN product_db.products AS products
    ON input.product_name = products.product_name
WHERE products.product_id <> input.product_id;

WITH numbered_lines AS (
    SELECT
        input.line,
        ROW_NUMBER() OVER (PARTITION BY input.product_name ORDER BY input.line) AS place
    FROM input
    WHERE input.product_name IS NOT NULL
)

SELECT
    'appears twice' AS conflict,
    numbered_lines.line,
    'product_name' AS column
FROM numbered_lines
WHERE numbered_lines.place > 1;

INSERT INTO product_db.categories (category_name)
SELECT input.category_name
FROM input
WHERE input.category_name IS NOT NULL
GROUP BY input.category_name
ORDER BY MIN(input.line)
ON CONFLICT (category_name) DO NOTHING;

WITH changes AS (
    SELECT
        input.product_id,
        input.product_name,
        categories.category_id,
        input.unit_price,
        input.stock,
        input.discontinued
    FROM input
    LEFT JOIN product_db.categories AS categories
        ON input.category_name = categories.category_name
)

UPDATE product_db.products AS products
SET
    product_name = coalesce(changes.product_name, products.product_name),
    category_id = coalesce(changes.category_id, products.category_id),
    unit_price_cents = coalesce(changes.unit_price, products.unit_price_cents),
    stock = coalesce(changes.stock, products.stock),
    discontinued = coalesce(changes.discontinued, products.discontinued)
FROM changes
WHERE products.product_id = changes.product_id;
