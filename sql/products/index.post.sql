/*
title: New product
description: Add a product. A new category is added too. The response is the product with its number.
params:
  product_name:
    type: text
    min: 1
    max: 200
    pattern: ".*\\S.*"
    message: must not be blank
    example: Amber Desk Lamp
  category_name:
    type: text
    min: 1
    max: 100
    pattern: ".*\\S.*"
    message: must not be blank
    example: Lighting
  unit_price: {type: number, min: 0, max: 1000000, description: Rounded to two decimals, example: 24.90}
  stock:
    type: integer
    required: false
    min: 0
    max: 1000000000
    description: Pieces in stock; if not given, the stock is not counted
    example: 40
  discontinued: {type: boolean, default: false, description: No longer sold}
columns:
  unit_price: {type: money}
  discontinued: {type: boolean}
shape: record
tags: [products]
*/
INSERT INTO product_db.categories (category_name)
VALUES (trim(:category_name))
ON CONFLICT (category_name) DO NOTHING;

INSERT INTO product_db.products (
    product_name,
    category_id,
    unit_price_cents,
    stock,
    discontinued
)
SELECT
    trim(:product_name),
    categories.category_id,
    CAST(round(:unit_price * 100) AS INTEGER),
    :stock,
    :discontinued
FROM product_db.categories AS categories
WHERE categories.category_name = trim(:category_name);

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
WHERE products.product_name = trim(:product_name);
