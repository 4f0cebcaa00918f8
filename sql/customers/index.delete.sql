/*
title: Delete customers
description: |
  Delete many customers by number. A row is rejected if the customer does not exist, or has orders, invoices
  or payments.
input:
  customer_id: {type: integer, required: true, min: 1, from: [customer, id], example: 1}
tags: [customers]
*/
SELECT
    'must be an existing customer number' AS invalid,
    input.line,
    'customer_id' AS column
FROM input
LEFT JOIN customer_db.customers AS customers
    ON input.customer_id = customers.customer_id
WHERE customers.customer_id IS NULL;

WITH referrers AS (
    SELECT
        input.line,
        1 AS place,
        'order' AS noun,
        COUNT(*) AS number
    FROM input
    INNER JOIN order_db.orders AS orders
        ON input.customer_id = orders.customer_id
    GROUP BY input.line
    UNION ALL
    SELECT
        input.line,
        2 AS place,
        'invoice' AS noun,
        COUNT(*) AS number
    FROM input
    INNER JOIN invoice_db.invoices AS invoices
        ON input.customer_id = invoices.customer_id
    GROUP BY input.line
    UNION ALL
    SELECT
        input.line,
        3 AS place,
        'payment' AS noun,
        COUNT(*) AS number
    FROM input
    INNER JOIN transaction_db.transactions AS transactions
        ON input.customer_id = transactions.customer_id
    GROUP BY input.line
    UNION ALL
    SELECT
        input.line,
        4 AS place,
        'ingested transaction' AS noun,
        COUNT(*) AS number
    FROM input
    INNER JOIN transaction_db.ingested_transactions AS ingested_transactions
        ON input.customer_id = ingested_transactions.customer_id
    GROUP BY input.line
),

phrases AS (
    SELECT
        referrers.line,
        ROW_NUMBER() OVER (PARTITION BY referrers.line ORDER BY referrers.place) AS place,
        COUNT(*) OVER (PARTITION BY referrers.line) AS phrase_count,
        CAST(referrers.number AS TEXT) || ' ' || referrers.noun
        || CASE WHEN referrers.number = 1 THEN '' ELSE 's' END AS phrase
    FROM referrers
)

SELECT
    'has '
    || string_agg(
        CASE
            WHEN phrases.place = 1 THEN ''
            WHEN phrases.place = phrases.phrase_count THEN ' and '
            ELSE ', '
        END || phrases.phrase,
        ''
        ORDER BY phrases.place
    ) AS conflict,
    phrases.line,
    'customer_id' AS column
FROM phrases
GROUP BY phrases.line;

DELETE FROM customer_db.customers AS customers
WHERE customers.customer_id IN (SELECT input.customer_id FROM input);
