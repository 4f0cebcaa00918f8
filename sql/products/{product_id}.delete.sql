/*
title: Delete a product
description: |
  Delete a product that was added by mistake. A product with order lines cannot be deleted; set
  `discontinued` to stop selling it.
params:
  product_id: {type: integer, min: 1, description: "The product's number", example: 1}
tags: [products]
*/
SELECT 'There is no product ' || CAST(:product_id AS TEXT) || '.' AS missing
WHERE NOT EXISTS (
    SELECT 1
    FROM product_db.products AS products
    WHERE products.product_id = :product_id
);

SELECT
    'Product ' || CAST(:product_id AS TEXT) || ' has '
    || CAST(COUNT(*) AS TEXT) || ' order line' || CASE WHEN COUNT(*) = 1 THEN '' ELSE 's' END
    || '.' AS conflict
FROM order_line_db.order_lines AS order_lines
WHERE order_lines.product_id = :product_id
HAVING COUNT(*) > 0;

DELETE FROM product_db.products AS products
WHERE products.product_id = :product_id;
