/*
title: Invoices of a month
description: |
  Amount billed in a month in one currency, and number of invoices. Without invoices, the sum is 0.00 and
  the count is 0. For all currencies see `/invoices/summary/month/currencies`.
params:
  month: {type: month, description: The month of the invoice date, example: 2024-11}
  customer_name:
    type: text
    required: false
    max: 200
    description: Only this customer (ignores case)
    example: Lens & Light
  currency: {type: choice, choices: [USD, EUR, CAD], default: USD, description: The currency of the invoices}
shape: record
columns:
  month: {type: month}
  sum_bill_total: {type: money, description: In the currency of the row}
filename: invoices_{month}_{currency}
tags: [invoices]
*/
SELECT
    :month AS month,
    :currency AS currency,
    COALESCE(SUM(invoices.bill_total_cents), 0) AS sum_bill_total,
    COUNT(*) AS count_invoices
FROM invoice_db.invoices AS invoices
WHERE
    -- As texts: no day of a month is after its 31st.
    invoices.invoice_date BETWEEN :month || '-01' AND :month || '-31'
    AND invoices.currency = :currency
    AND (
        :customer_name IS NULL
        OR invoices.customer_id IN (
            SELECT customers.customer_id
            FROM customer_db.customers AS customers
            WHERE lower(customers.customer_name) = lower(trim(:customer_name))
        )
    );
