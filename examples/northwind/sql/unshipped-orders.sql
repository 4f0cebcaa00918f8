/*
title: Orders that have not been shipped
description: Orders without a shipping date, those that are wanted first before the others.
params:
  wanted_before: {type: date, default: 9999-12-31, description: Required before this day}
columns:
  freight: {type: number}
*/
SELECT
    orders."OrderID" AS order_id,
    customers."CompanyName" AS company_name,
    orders."OrderDate" AS ordered,
    orders."RequiredDate" AS required,
    orders."ShippedDate" AS shipped,
    orders."ShipCity" AS city,
    orders."ShipCountry" AS country,
    orders."Freight" AS freight
FROM northwind_sqlite."Orders" AS orders
LEFT JOIN northwind_sqlite."Customers" AS customers
    ON orders."CustomerID" = customers."CustomerID"
WHERE
    orders."ShippedDate" IS NULL
    AND substr(orders."RequiredDate", 1, 10) < :wanted_before
ORDER BY
    orders."RequiredDate",
    orders."OrderID";
