/*
title: Load payments
description: |
  Load a sheet of payments, one invoice payment in each row, in the currency of the invoice. The amount is
  added to what is paid of the invoice, which is closed when all of it is paid. A row is rejected if the
  invoice does not exist, or if the amount is more than is left to pay. New payment methods are added.
  Loading the same sheet twice adds the payments twice, unless it is sent with an Idempotency-Key.
input:
  invoice_number: {type: text, required: true, max: 50, from: [invoice, "invoice no"], example: INV-000007}
  amount:
    type: money
    currency: USD
    required: true
    min: 0.01
    max: 1000000000
    description: In the currency of the invoice, with two decimals
    example: "149.50"
  method_name: {type: text, required: true, max: 50, from: [method, payment method], example: card}
  transaction_at: {type: datetime, default: now, from: [paid at, date], description: Date of the payment}
tags: [transactions]
*/
SELECT
    'must be an existing invoice number' AS invalid,
    input.line,
    'invoice_number' AS column
FROM input
LEFT JOIN invoice_db.invoices AS invoices
    ON input.invoice_number = invoices.invoice_number
WHERE invoices.invoice_id IS NULL;

WITH paid_lines AS (
    SELECT
        input.line,
        invoices.bill_total_cents - invoices.applied_cents AS outstanding_cents,
        SUM(input.amount) OVER (
            PARTITION BY input.invoice_number
            ORDER BY input.line
        ) AS paid_cents
    FROM input
    INNER JOIN invoice_db.invoices AS invoices
        ON input.invoice_number = invoices.invoice_number
)

SELECT
    'is more than the invoice has left to pay' AS conflict,
    paid_lines.line,
    'amount' AS column
FROM paid_lines
WHERE paid_lines.paid_cents > paid_lines.outstanding_cents;

INSERT INTO transaction_db.payment_methods (method_name)
SELECT input.method_name
FROM input
WHERE TRUE
GROUP BY input.method_name
ORDER BY MIN(input.line)
ON CONFLICT (method_name) DO NOTHING;

WITH paid_invoices AS (
    SELECT
        input.invoice_number,
        SUM(input.amount) AS paid_cents
    FROM input
    GROUP BY input.invoice_number
)

UPDATE invoice_db.invoices AS invoices
SET
    applied_cents = invoices.applied_cents + paid_invoices.paid_cents,
    status = CASE
        WHEN invoices.applied_cents + paid_invoices.paid_cents = invoices.bill_total_cents THEN 'Closed'
        ELSE invoices.status
    END
FROM paid_invoices
WHERE invoices.invoice_number = paid_invoices.invoice_number;

INSERT INTO transaction_db.transactions (
    customer_id,
    invoice_id,
    payment_method_id,
    amount_cents,
    transaction_at
)
SELECT
    invoices.customer_id,
    invoices.invoice_id,
    payment_methods.payment_method_id,
    input.amount,
    -- To the second.
    substr(input.transaction_at, 1, 19) || 'Z'
FROM input
INNER JOIN invoice_db.invoices AS invoices
    ON input.invoice_number = invoices.invoice_number
INNER JOIN transaction_db.payment_methods AS payment_methods
    ON input.method_name = payment_methods.method_name
ORDER BY input.line;
