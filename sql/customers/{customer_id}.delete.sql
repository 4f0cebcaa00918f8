/*
title: Remove a customer
description: |
  Remove a customer who was entered by mistake. One with orders, invoices or payments stays: they would
  belong to nobody.
params:
  customer_id: {type: integer, min: 1, description: "The customer's number", example: 1}
tags: [customers]
*/
DELETE FROM customer_db.customers AS customers
WHERE
    customers.customer_id = :customer_id
    AND NOT EXISTS (
        SELECT 1
        FROM order_db.orders AS orders
        WHERE orders.customer_id = :customer_id
    )
    AND NOT EXISTS (
        SELECT 1
        FROM invoice_db.invoices AS invoices
        WHERE invoices.customer_id = :customer_id
    )
    AND NOT EXISTS (
        SELECT 1
        FROM transaction_db.transactions AS transactions
        WHERE transactions.customer_id = :customer_id
    )
    AND NOT EXISTS (
        SELECT 1
        FROM transaction_db.ingested_transactions AS ingested_transactions
        WHERE ingested_transactions.customer_id = :customer_id
    );
