/*
title: Delete products
description: |
  Delete many products by number. A row is rejected if the product does not exist, or has order lines.
input:
  product_id: {type: integer, required: true, min: 1, from: [product, id], example: 1}
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

SELECT
    'has '
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
