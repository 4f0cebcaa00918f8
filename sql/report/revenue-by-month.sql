/*
title: Revenue by month
description: |
  Amounts invoiced and paid, by month of the invoice. Currencies are never added: each has its own rows.
params:
  from: {type: month, default: 2022-01, description: First month}
  until: {type: month, default: today, description: Last month}
  currency: {type: choice, choices: [USD, EUR, CAD], required: false, description: Only this currency}
columns:
  month: {type: month}
  invoiced: {type: money}
  paid: {type: money}
  outstanding: {type: money}
chart: {type: line, x: month, y: invoiced, series: currency}
filename: revenue_{from}_{until}
*/
SELECT
    substr(invoices.invoice_date, 1, 7) AS month,
    invoices.currency,
    COUNT(*) AS invoice_count,
    SUM(invoices.bill_total_cents) AS invoiced,
    SUM(invoices.applied_cents) AS paid,
    SUM(invoices.bill_total_cents - invoices.applied_cents) AS outstanding
FROM invoice_db.invoices AS invoices
WHERE
    -- As texts: no day of a month is after its 31st.
    invoices.invoice_date BETWEEN :from || '-01' AND :until || '-31'
    AND (:currency IS NULL OR invoices.currency = :currency)
GROUP BY
    substr(invoices.invoice_date, 1, 7),
    invoices.currency
ORDER BY
    substr(invoices.invoice_date, 1, 7),
    invoices.currency;
