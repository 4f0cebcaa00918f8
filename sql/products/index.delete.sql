/*
title: Remove products
description: |
  Remove many products, each by its number. A line is refused when there is no such product, or when lines
  of orders refer to it.
input:
  product_id: {type: integer, required: true, min: 1, from: [product, id], example: 1}
tags: [products]
*/
SELECT
    'must be the number of a product' AS invalid,
    input.line,
    'product_id' AS column
FROM input
LEFT JOIN product_db.products AS products
    ON input.product_id = products.product_id
WHERE products.product_id IS NULL;

SELECT
    'is referred to by '
    || CAST(COUNT(*) AS TEXT) || ' order line' || CASE WHEN COUNT(*) = 1 THEN '' ELSE 's' END
        AS conflict,
    input.line,
    'product_id' AS column
FROM input
INNER JOIN order_line_db.order_lines AS order_lines
    ON input.product_id = order_lines.product_id
GROUP BY input.line;

DELETE FROM product_db.products AS products
WHERE products.product_id IN (SELECT input.product_id FROM input);
