/*
title: Ingest a transaction
description: |
  Store one transaction from a till or another service. A second transaction of the same customer at the
  same moment is not stored, so it is safe to send one again.

  The `status` in the response is `stored` (201) or `duplicate` (200). The response also holds the
  transaction as it is stored; for a duplicate, that is the first one.
params:
  customer_id: {type: integer, min: 1, description: "The customer's number", example: 1}
  name:
    type: text
    max: 200
    pattern: ".*\\S.*"
    message: must not be blank
    description: The customer's name
    example: Asha Verma
  transaction_amount:
    type: number
    min: 0.01
    max: 10000000
    description: More than 0, at most ten million; rounded to two decimals
    example: 1499.50
  mob_no:
    type: text
    pattern: "[0-9]{10}"
    message: must be ten digits
    description: Ten digits
    example: "0987654321"
  transaction_datetime:
    type: datetime
    description: Time of the transaction; UTC unless it has an offset
    example: "2025-11-20T10:15:00Z"
  pincode:
    type: text
    pattern: "[1-9][0-9]{5}"
    message: "must be six digits, the first not 0"
    description: Six digits, the first not 0
    example: "411001"
  state: {type: text, max: 100, pattern: ".*\\S.*", message: must not be blank, example: Maharashtra}
shape: record
columns:
  status: {description: stored or duplicate}
  transaction_amount: {type: money}
  transaction_datetime: {type: datetime, description: In UTC}
tags: [transactions]
*/
INSERT INTO transaction_db.ingested_transactions (
    customer_id,
    customer_name,
    amount_cents,
    mobile_number,
    transaction_at,
    pincode,
    state
)
VALUES (
    :customer_id,
    trim(:name),
    CAST(round(:transaction_amount * 100) AS INTEGER),
    :mob_no,
    :transaction_datetime,
    :pincode,
    trim(:state)
)
ON CONFLICT (customer_id, transaction_at) DO NOTHING;

-- changes() is SQLite's: the rows that the statement before has inserted. PostgreSQL would return them.
SELECT
    CASE WHEN changes() = 0 THEN 'duplicate' ELSE 'stored' END AS status,
    ingested_transactions.customer_id,
    ingested_transactions.customer_name AS name,
    ingested_transactions.amount_cents AS transaction_amount,
    ingested_transactions.mobile_number AS mob_no,
    ingested_transactions.transaction_at AS transaction_datetime,
    ingested_transactions.pincode,
    ingested_transactions.state
FROM transaction_db.ingested_transactions AS ingested_transactions
WHERE
    ingested_transactions.customer_id = :customer_id
    AND ingested_transactions.transaction_at = :transaction_datetime;
