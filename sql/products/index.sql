/*
title: Products
description: |
  All products, with search and filters. Search ignores upper and lower case. The stock is null for products
  whose stock is not counted; they are neither in stock nor out of stock.
params:
  q: {type: text, required: false, max: 100, description: Part of a name or of a category}
  category: {type: text, required: false, max: 100, description: Only this category}
  min_price:
    type: number
    required: false
    min: 0
    max: 1000000000
    description: "Lowest price, such as 9.99"
  max_price: {type: number, required: false, min: 0, max: 1000000000, description: Highest price}
  in_stock: {type: boolean, required: false, description: Only products in stock (true) or out of stock (false)}
  discontinued:
    type: boolean
    required: false
    description: Only discontinued products (true) or all others (false)
  limit: {type: integer, default: 50, min: 1, max: 200, description: Products on a page}
  offset: {type: integer, default: 0, min: 0, description: Products to skip}
columns:
  product_id: {link: "/products/{product_id}"}
  unit_price: {type: money, description: Current price}
  discontinued: {type: boolean}
shape: page
sort:
  default: product_name.asc
  columns: [product_name, product_id, unit_price, stock]
  then: product_id
  description: Products without a stock count last
filename: products
tags: [products]
*/
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
WHERE
    (
        :q IS NULL
        -- instr is SQLite's; PostgreSQL has position(… IN …).
        OR instr(lower(products.product_name), lower(:q)) > 0
        OR instr(lower(categories.category_name), lower(:q)) > 0
    )
    AND (:category IS NULL OR lower(categories.category_name) = lower(:category))
    AND (:min_price IS NULL OR products.unit_price_cents >= CAST(round(:min_price * 100) AS INTEGER))
    AND (:max_price IS NULL OR products.unit_price_cents <= CAST(round(:max_price * 100) AS INTEGER))
    AND (
        :in_stock IS NULL
        OR CASE WHEN products.stock > 0 THEN 1 WHEN products.stock = 0 THEN 0 END = :in_stock
    )
    AND (:discontinued IS NULL OR products.discontinued = :discontinued)
ORDER BY
    products.product_name,
    products.product_id
LIMIT :limit OFFSET :offset;
