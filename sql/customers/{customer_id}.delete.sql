/*
title: Delete a customer
description: |
  Delete a customer that was added by mistake. A customer with orders, invoices or payments cannot be
  deleted; the error names them.
params:
  customer_id: {type: integer, min: 1, description: "The customer's number", example: 1}
tags: [customers]
*/
SELECT 'There is no customer ' || CAST(:customer_id AS TEXT) || '.' AS missing
WHERE NOT EXISTS (
    SELECT 1
    FROM customer_db.customers AS customers
    WHERE customers.customer_id = :customer_id
);

WITH referrers AS (
    SELECT
        1 AS place,
        'order' AS noun,
        COUNT(*) AS number
    FROM order_db.orders AS orders
    WHERE orders.customer_id = :customer_id
    UNION ALL
    SELECT
        2 AS place,
        'invoice' AS noun,
        COUNT(*) AS number
    FROM invoice_db.invoices AS invoices
    WHERE invoices.customer_id = :customer_id
    UNION ALL
    SELECT
        3 AS place,
        'payment' AS noun,
        COUNT(*) AS number
    FROM transaction_db.transactions AS transactions
    WHERE transactions.customer_id = :customer_id
    UNION ALL
    SELECT
        4 AS place,
        'ingested transaction' AS noun,
        COUNT(*) AS number
    FROM transaction_db.ingested_transactions AS ingested_transactions
    WHERE ingested_transactions.customer_id = :customer_id
),

phrases AS (
    SELECT
        ROW_NUMBER() OVER (ORDER BY referrers.place) AS place,
        COUNT(*) OVER () AS phrase_count,
        CAST(referrers.number AS TEXT) || ' ' || referrers.noun
        || CASE WHEN referrers.number = 1 THEN '' ELSE 's' END AS phrase
    FROM referrers
    WHERE referrers.number > 0
)

SELECT
    'Customer ' || CAST(:customer_id AS TEXT) || ' has '
    || string_agg(
        CASE
            WHEN phrases.place = 1 THEN ''
            WHEN phrases.place = phrases.phrase_count THEN ' and '
            ELSE ', '
        END || phrases.phrase,
        ''
        ORDER BY phrases.place
    ) || '.' AS conflict
FROM phrases;

DELETE FROM customer_db.customers AS customers
WHERE customers.customer_id = :customer_id;
