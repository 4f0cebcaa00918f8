/*
title: Employees
description: Everyone with their boss, their photograph as base64, and the orders that they took.
columns:
  born: {type: date}
  hired: {type: date}
*/
WITH employee_orders AS (
    SELECT
        orders."EmployeeID" AS employee_id,
        COUNT(*) AS order_count
    FROM northwind_sqlite."Orders" AS orders
    GROUP BY orders."EmployeeID"
)

SELECT
    employees."EmployeeID" AS employee_id,
    employees."FirstName" || ' ' || employees."LastName" AS employee_name,
    employees."Title" AS title,
    bosses."LastName" AS reports_to,
    employees."BirthDate" AS born,
    employees."HireDate" AS hired,
    employees."City" AS city,
    employees."Photo" AS photo,
    coalesce(employee_orders.order_count, 0) AS order_count
FROM northwind_sqlite."Employees" AS employees
LEFT JOIN northwind_sqlite."Employees" AS bosses
    ON employees."ReportsTo" = bosses."EmployeeID"
LEFT JOIN employee_orders
    ON employees."EmployeeID" = employee_orders.employee_id
ORDER BY employees."EmployeeID";
