/*
title: Sales by customer
description: |
  What each customer of a country bought, and how many orders have not been shipped. A database of
  the nineties: a table with a space in its name, prices as decimal numbers.
params:
  country: {type: text, required: false, description: Only this country, example: Germany}
columns:
  sales: {type: number, description: After discount}
filename: northwind_sales
*/
WITH order_sales AS (
    SELECT
        details."OrderID" AS order_id,
        SUM(details."UnitPrice" * details."Quantity" * (1 - details."Discount")) AS sales
    FROM northwind_sqlite."Order Details" AS details
    GROUP BY details."OrderID"
)

SELECT
    customers."CustomerID" AS customer_id,
    customers."CompanyName" AS company_name,
    customers."Country" AS country,
    COUNT(orders."OrderID") AS order_count,
    SUM(CASE WHEN orders."OrderID" IS NOT NULL AND orders."ShippedDate" IS NULL THEN 1 ELSE 0 END)
        AS unshipped_count,
    round(coalesce(SUM(order_sales.sales), 0), 2) AS sales
FROM northwind_sqlite."Customers" AS customers
LEFT JOIN northwind_sqlite."Orders" AS orders
    ON customers."CustomerID" = orders."CustomerID"
LEFT JOIN order_sales
    ON orders."OrderID" = order_sales.order_id
WHERE :country IS NULL OR lower(customers."Country") = lower(:country)
GROUP BY
    customers."CustomerID",
    customers."CompanyName",
    customers."Country"
ORDER BY
    coalesce(SUM(order_sales.sales), 0) DESC,
    customers."CustomerID";
