/*
title: Invoices of a month
description: |
  What was billed in a month, and how many invoices that were. Two currencies are never added into one
  sum: the answer is a list with one `{month, currency, sum_bill_total, count_invoices}` for each currency
  of the month. A month with one currency has one, `currency=USD` leaves one at most, and a month without
  invoices has none.
params:
  month: {type: month, description: The month of the invoice date, example: 2024-11}
  customer_name:
    type: text
    required: false
    max: 200
    description: Only this customer, whatever the case of A to Z
    example: Lens & Light
  currency: {type: choice, choices: [USD, EUR, CAD], required: false, description: Only this currency}
columns:
  month: {type: month}
  sum_bill_total: {type: money, description: In the currency of the row}
chart: {type: bar, x: currency, y: sum_bill_total}
filename: invoices_{month}
tags: [invoices]
*/
SELECT
    substr(invoices.invoice_date, 1, 7) AS month,
    invoices.currency,
    SUM(invoices.bill_total_cents) AS sum_bill_total,
    COUNT(*) AS count_invoices
FROM invoice_db.invoices AS invoices
WHERE
    -- As texts: no day of a month is after its 31st.
    invoices.invoice_date BETWEEN :month || '-01' AND :month || '-31'
    AND (:currency IS NULL OR invoices.currency = :currency)
    AND (
        :customer_name IS NULL
        OR invoices.customer_id IN (
            SELECT customers.customer_id
            FROM customer_db.customers AS customers
            WHERE lower(customers.customer_name) = lower(trim(:customer_name))
        )
    )
GROUP BY
    substr(invoices.invoice_date, 1, 7),
    invoices.currency
ORDER BY invoices.currency;
