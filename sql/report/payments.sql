/*
title: Payments and refunds
description: Payments and refunds with their invoices, newest first.
params:
  since: {type: datetime, default: 1970-01-01T00:00:00Z, description: At or after this moment}
  until: {type: datetime, default: now, description: Before this moment}
  method:
    type: choice
    required: false
    choices_sql: |
      SELECT payment_methods.method_name
      FROM transaction_db.payment_methods AS payment_methods
      ORDER BY payment_methods.method_name
    description: Only this payment method
  refunds_only: {type: boolean, default: false, description: Only refunds}
columns:
  amount: {type: money}
filename: payments
*/
SELECT
    transactions.transaction_id,
    transactions.transaction_at,
    customers.customer_name,
    payment_methods.method_name,
    transactions.amount_cents AS amount,
    invoices.invoice_number,
    invoices.currency
FROM transaction_db.transactions AS transactions
INNER JOIN transaction_db.payment_methods AS payment_methods
    ON transactions.payment_method_id = payment_methods.payment_method_id
INNER JOIN customer_db.customers AS customers
    -- With the + SQLite goes through the payments as they stand, in half of the time.
    ON +transactions.customer_id = customers.customer_id
LEFT JOIN invoice_db.invoices AS invoices
    ON transactions.invoice_id = invoices.invoice_id
WHERE
    transactions.transaction_at >= :since
    AND transactions.transaction_at < :until
    AND (:method IS NULL OR payment_methods.method_name = :method)
    AND (:refunds_only = 0 OR transactions.amount_cents < 0)
ORDER BY
    transactions.transaction_at DESC,
    transactions.transaction_id DESC;
