/*
title: Past-due invoices
description: |
  Invoices that were due before a date and are not paid in full. `outstanding` is the billed amount less the
  amount paid, and `days_past_due` counts from the due date to that date. Invoices without a due date are
  never past due. Amounts are in the currency of the invoice.
params:
  as_of:
    type: date
    default: today
    time_zone: America/New_York
    description: Due before this day
    example: 2025-03-01
  limit: {type: integer, default: 50, min: 1, max: 200, description: Number of invoices}
  offset: {type: integer, default: 0, min: 0, description: Number to skip}
shape: page
sort:
  default: due_date.asc
  columns: [due_date, invoice_date, days_past_due, outstanding, bill_total, customer_name, invoice_number]
  then: invoice_number
  description: Then by invoice number
columns:
  invoice_number: {link: "/invoices/{invoice_number}"}
  bill_total: {type: money}
  applied: {type: money, description: Amount paid}
  outstanding: {type: money}
filename: past_due_{as_of}
tags: [invoices]
*/
WITH past_due_invoices AS (
    SELECT
        invoices.invoice_number,
        customers.customer_name,
        invoices.invoice_date,
        invoices.due_date,
        invoices.bill_total_cents,
        invoices.applied_cents,
        invoices.bill_total_cents - invoices.applied_cents AS outstanding_cents,
        invoices.currency,
        invoices.status,
        -- julianday is SQLite's; PostgreSQL subtracts dates instead.
        CAST(julianday(:as_of) - julianday(invoices.due_date) AS INTEGER) AS days_past_due
    FROM invoice_db.invoices AS invoices
    LEFT JOIN customer_db.customers AS customers
        ON invoices.customer_id = customers.customer_id
    WHERE
        invoices.due_date < :as_of
        AND invoices.bill_total_cents > invoices.applied_cents
)

SELECT
    past_due_invoices.invoice_number,
    past_due_invoices.customer_name,
    past_due_invoices.invoice_date,
    past_due_invoices.due_date,
    past_due_invoices.bill_total_cents AS bill_total,
    past_due_invoices.applied_cents AS applied,
    past_due_invoices.outstanding_cents AS outstanding,
    past_due_invoices.currency,
    past_due_invoices.status,
    past_due_invoices.days_past_due
FROM past_due_invoices
ORDER BY
    past_due_invoices.due_date,
    past_due_invoices.invoice_number
LIMIT :limit OFFSET :offset;
