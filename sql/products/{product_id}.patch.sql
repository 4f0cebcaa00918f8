/*
title: Change a product
description: |
  Change the given fields of a product. The response is the whole product. Earlier orders keep their prices.
params:
  product_id: {type: integer, min: 1, description: "The product's number", example: 1}
  product_name:
    type: text
    required: false
    min: 1
    max: 200
    pattern: ".*\\S.*"
    message: must not be blank
  category_name:
    type: text
    required: false
    min: 1
    max: 100
    pattern: ".*\\S.*"
    message: must not be blank
  unit_price: {type: number, required: false, min: 0, max: 1000000, description: Rounded to two decimals}
  stock: {type: integer, required: false, min: 0, max: 1000000000, description: Pieces in stock}
  discontinued: {type: boolean, required: false, description: No longer sold}
columns:
  unit_price: {type: money}
  discontinued: {type: boolean}
shape: record
tags: [products]
*/
SELECT 'There is no product ' || CAST(:product_id AS TEXT) || '.' AS missing
WHERE NOT EXISTS (
    SELECT 1
    FROM product_db.products AS products
    WHERE products.product_id = :product_id
);

INSERT INTO product_db.categories (category_name)
SELECT trim(:category_name)
WHERE :category_name IS NOT NULL
ON CONFLICT (category_name) DO NOTHING;

UPDATE product_db.products AS products
SET
    product_name = coalesce(trim(:product_name), products.product_name),
    category_id = coalesce(
        (
            SELECT categories.category_id
            FROM product_db.categories AS categories
            WHERE categories.category_name = trim(:category_name)
        ),
        products.category_id
    ),
    unit_price_cents = coalesce(
        CAST(round(:unit_price * 100) AS INTEGER),
        products.unit_price_cents
    ),
    stock = coalesce(:stock, products.stock),
    discontinued = coalesce(:discontinued, products.discontinued)
WHERE products.product_id = :product_id;

SELECT
    products.product_id,
    products.product_name,
    categories.category_name,
    products.unit_price_cents AS unit_price,
    products.stock,
    products.discontinued
FROM product_db.products AS products
INNER JOIN product_db.categories AS categories
    ON products.category_id = categories.category_id
WHERE products.product_id = :product_id;
