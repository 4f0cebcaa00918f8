/*
title: Ingest a transaction
description: |
  Store one transaction as a till or another service tells it. A second one of the same customer at the
  same moment is not stored, so it does no harm to send one again.
params:
  customer_id: {type: integer, min: 1, description: "The customer's number", example: 1}
  name:
    type: text
    max: 200
    pattern: ".*\\S.*"
    description: The customer's name
    example: Asha Verma
  transaction_amount:
    type: number
    min: 0.01
    max: 10000000
    description: More than nothing and ten million at most; rounded to two decimals
    example: 1499.50
  mob_no: {type: text, pattern: "[0-9]{10}", description: Ten digits, example: "0987654321"}
  transaction_datetime:
    type: datetime
    description: When it was made; without an offset it is in UTC
    example: "2025-11-20T10:15:00Z"
  pincode:
    type: text
    pattern: "[1-9][0-9]{5}"
    description: Six digits, the first not 0
    example: "411001"
  state: {type: text, max: 100, pattern: ".*\\S.*", example: Maharashtra}
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
