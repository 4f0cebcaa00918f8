/*
title: Customers by amount spent
description: |
  Customers whose transactions up to a moment add up to an amount in a range, highest total first. Both
  limits of the range and the moment itself are included. If the lower limit is above the upper one, the
  result is empty. If a customer has several names, the latest one up to that moment is shown.
params:
  min_amount: {type: number, min: 0, description: Lowest total, example: 1000}
  max_amount: {type: number, min: 0, description: Highest total, example: 50000}
  time_period:
    type: datetime
    description: Transactions up to this moment; UTC unless it has an offset; a date means its start
    example: "2025-11-30T23:59:59Z"
columns:
  total_transaction_amount: {type: money}
tags: [transactions]
*/
WITH told_transactions AS (
    SELECT
        ingested_transactions.customer_id,
        ingested_transactions.customer_name,
        ingested_transactions.amount_cents,
        ROW_NUMBER() OVER (
            PARTITION BY ingested_transactions.customer_id
            ORDER BY
                replace(ingested_transactions.transaction_at, 'Z', '') DESC,
                ingested_transactions.ingested_transaction_id DESC
        ) AS place
    FROM transaction_db.ingested_transactions AS ingested_transactions
    -- Without the Z a second comes before its fractions.
    WHERE replace(ingested_transactions.transaction_at, 'Z', '') <= replace(:time_period, 'Z', '')
)

SELECT
    told_transactions.customer_id,
    MAX(CASE WHEN told_transactions.place = 1 THEN told_transactions.customer_name END) AS name,
    SUM(told_transactions.amount_cents) AS total_transaction_amount
FROM told_transactions
GROUP BY told_transactions.customer_id
-- The quotient is the number nearest to the amount, as the parameter is to what was given: exact.
HAVING
    CAST(SUM(told_transactions.amount_cents) AS DOUBLE PRECISION) / 100
    BETWEEN :min_amount AND :max_amount
ORDER BY
    SUM(told_transactions.amount_cents) DESC,
    told_transactions.customer_id;
