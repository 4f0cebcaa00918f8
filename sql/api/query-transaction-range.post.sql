/*
title: Customers by what they spent
description: |
  The customers whose transactions up to a moment come to a total within a range, the largest first. It
  is the total that counts, not each transaction. Both ends of the range belong to it, and so does the
  moment; when the lower end is above the upper one, nobody is found. Of several names told for a
  customer, the latest up to that moment is shown.
params:
  min_amount: {type: number, min: 0, description: "The total, at least", example: 1000}
  max_amount: {type: number, min: 0, description: "The total, at most", example: 50000}
  time_period:
    type: datetime
    description: Transactions up to this moment; in UTC without an offset, and a day counts for its beginning
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
