/*
title: Open receivables
description: |
  Amount that each customer owes, by currency and age. Invoices without a due date count as current.
  Invoices dated after the given date are left out.
params:
  as_of:
    type: date
    default: today
    time_zone: America/New_York
    description: Date for the ages
    example: 2025-12-31
  at_least:
    type: integer
    default: 1
    min: 1
    description: Lowest amount owed, in cents
columns:
  customer_id: {link: "/customers/{customer_id}"}
  outstanding: {type: money}
  current: {type: money, description: Not due yet}
  days_1_30: {type: money}
  days_31_60: {type: money}
  days_61_90: {type: money}
  over_90_days: {type: money}
chart:
  type: bar
  x: customer_name
  y: [current, days_1_30, days_31_60, days_61_90, over_90_days]
  stacked: true
filename: receivables_{as_of}
*/
WITH open_invoices AS (
    SELECT
        invoices.customer_id,
        invoices.currency,
        invoices.bill_total_cents - invoices.applied_cents AS open_cents,
        -- julianday is SQLite's; PostgreSQL subtracts dates instead.
        CAST(
            julianday(:as_of) - julianday(coalesce(invoices.due_date, :as_of)) AS INTEGER
        ) AS days_due
    FROM invoice_db.invoices AS invoices
    WHERE
        invoices.status = 'Open'
        AND invoices.bill_total_cents > invoices.applied_cents
        AND invoices.invoice_date <= :as_of
),

customer_totals AS (
    SELECT
        open_invoices.customer_id,
        open_invoices.currency,
        COUNT(*) AS invoice_count,
        SUM(open_invoices.open_cents) AS outstanding,
        SUM(CASE WHEN open_invoices.days_due <= 0 THEN open_invoices.open_cents ELSE 0 END) AS current,
        SUM(CASE WHEN open_invoices.days_due BETWEEN 1 AND 30 THEN open_invoices.open_cents ELSE 0 END)
            AS days_1_30,
        SUM(CASE WHEN open_invoices.days_due BETWEEN 31 AND 60 THEN open_invoices.open_cents ELSE 0 END)
            AS days_31_60,
        SUM(CASE WHEN open_invoices.days_due BETWEEN 61 AND 90 THEN open_invoices.open_cents ELSE 0 END)
            AS days_61_90,
        SUM(CASE WHEN open_invoices.days_due > 90 THEN open_invoices.open_cents ELSE 0 END)
            AS over_90_days
    FROM open_invoices
    GROUP BY
        open_invoices.customer_id,
        open_invoices.currency
)

SELECT
    customers.customer_id,
    customers.customer_name,
    customer_totals.currency,
    customer_totals.invoice_count,
    customer_totals.outstanding,
    customer_totals.current,
    customer_totals.days_1_30,
    customer_totals.days_31_60,
    customer_totals.days_61_90,
    customer_totals.over_90_days
FROM customer_totals
INNER JOIN customer_db.customers AS customers
    ON customer_totals.customer_id = customers.customer_id
WHERE customer_totals.outstanding >= :at_least
ORDER BY
    customer_totals.outstanding DESC,
    customers.customer_id,
    customer_totals.currency;
