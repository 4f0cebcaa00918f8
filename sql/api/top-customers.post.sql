/*
title: Top customers of a state
description: |
  For each pincode of a state: the five customers who spent most there, highest total first, then by
  customer number. A customer with transactions in two pincodes appears in both, with the amount spent in
  each. If a customer has several names, the latest one is shown. Upper and lower case of the state are
  ignored.
params:
  state: {type: text, max: 100, pattern: ".*\\S.*", message: must not be blank, example: Punjab}
shape: {group: pincode_key}
columns:
  pincode_key: {description: "The pincode, as pincode_141001"}
  total_transaction_amount: {type: money}
filename: top_customers_{state}
tags: [transactions]
*/
WITH pincode_totals AS (
    SELECT
        ingested_transactions.pincode,
        ingested_transactions.customer_id,
        SUM(ingested_transactions.amount_cents) AS total_cents
    FROM transaction_db.ingested_transactions AS ingested_transactions
    WHERE lower(ingested_transactions.state) = lower(trim(:state))
    GROUP BY
        ingested_transactions.pincode,
        ingested_transactions.customer_id
),

places AS (
    SELECT
        pincode_totals.pincode,
        pincode_totals.customer_id,
        pincode_totals.total_cents,
        ROW_NUMBER() OVER (
            PARTITION BY pincode_totals.pincode
            ORDER BY
                pincode_totals.total_cents DESC,
                pincode_totals.customer_id
        ) AS place
    FROM pincode_totals
),

told_names AS (
    SELECT
        ingested_transactions.customer_id,
        ingested_transactions.customer_name,
        ROW_NUMBER() OVER (
            PARTITION BY ingested_transactions.customer_id
            ORDER BY
                -- Without the Z a second comes before its fractions.
                replace(ingested_transactions.transaction_at, 'Z', '') DESC,
                ingested_transactions.ingested_transaction_id DESC
        ) AS place
    FROM transaction_db.ingested_transactions AS ingested_transactions
    WHERE ingested_transactions.customer_id IN (
        SELECT places.customer_id
        FROM places
        WHERE places.place <= 5
    )
)

SELECT
    'pincode_' || places.pincode AS pincode_key,
    places.customer_id,
    told_names.customer_name AS name,
    places.total_cents AS total_transaction_amount
FROM places
INNER JOIN told_names
    ON
        places.customer_id = told_names.customer_id
        AND told_names.place = 1
WHERE places.place <= 5
ORDER BY
    places.pincode,
    places.place;
