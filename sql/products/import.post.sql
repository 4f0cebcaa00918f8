/*
title: Load products
description: |
  Load a sheet of products. A product that exists already, by its name, is updated; an empty cell leaves its
  value unchanged. New products and new categories are added. If a product appears twice, the last row
  counts.
input:
  product_name: {type: text, required: true, max: 200, from: [name, product], example: Amber Desk Lamp}
  category_name: {type: text, required: true, max: 100, from: category, example: Lighting}
  unit_price:
    type: money
    currency: USD
    required: true
    min: 0
    max: 1000000
    from: price
    example: "24.90"
  stock:
    type: integer
    min: 0
    max: 1000000000
    description: Pieces in stock; if empty for a new product, its stock is not counted
    example: 40
  discontinued: {type: boolean, description: No longer sold, example: false}
tags: [products]
*/
INSERT INTO product_db.categories (category_name)
SELECT input.category_name
FROM input
WHERE TRUE
GROUP BY input.category_name
ORDER BY MIN(input.line)
ON CONFLICT (category_name) DO NOTHING;

WITH sheet_products AS (
    SELECT
        input.line,
        input.product_name,
        categories.category_id,
        input.unit_price,
        input.stock,
        input.discontinued,
        ROW_NUMBER() OVER (PARTITION BY input.product_name ORDER BY input.line DESC) AS place
    FROM input
    LEFT JOIN product_db.categories AS categories
        ON input.category_name = categories.category_name
)

-- What the sheet leaves empty of a product that is there is filled in from it before the insert.
INSERT INTO product_db.products AS products (
    product_name,
    category_id,
    unit_price_cents,
    stock,
    discontinued
)
SELECT
    sheet_products.product_name,
    sheet_products.category_id,
    sheet_products.unit_price,
    coalesce(sheet_products.stock, known_products.stock),
    coalesce(sheet_products.discontinued, known_products.discontinued, 0)
FROM sheet_products
LEFT JOIN product_db.products AS known_products
    ON sheet_products.product_name = known_products.product_name
WHERE sheet_products.place = 1
ORDER BY sheet_products.line
ON CONFLICT (product_name) DO UPDATE SET
    category_id = excluded.category_id,
    unit_price_cents = excluded.unit_price_cents,
    stock = excluded.stock,
    discontinued = excluded.discontinued
WHERE
    products.category_id <> excluded.category_id
    OR products.unit_price_cents <> excluded.unit_price_cents
    OR products.stock IS DISTINCT FROM excluded.stock
    OR products.discontinued <> excluded.discontinued;
