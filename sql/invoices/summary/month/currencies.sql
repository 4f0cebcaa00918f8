/*
title: Invoices of a month by currency
description: |
  For each currency in a month: amount billed and number of invoices. Amounts in different currencies are
  never added. A month without invoices has no rows.
params:
  month: {type: month, description: The month of the invoice date, example: 2024-11}
  customer_name:
    type: text
    required: false
    max: 200
    description: Only this customer (ignores case)
    example: Lens & Light
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
