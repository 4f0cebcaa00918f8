/*
title: Invoices
description: |
  All invoices, newest first, with filters that can be combined. CSV and Excel hold all matching invoices
  unless a `limit` is given.
params:
  q:
    type: text
    required: false
    max: 100
    description: "Part of a number, purchase order or customer name (ignores case)"
  customer_id: {type: integer, required: false, min: 1, description: Only this customer}
  status: {type: choice, choices: [Open, Closed], required: false, description: Only this status}
  currency: {type: choice, choices: [USD, EUR, CAD], required: false, description: Only this currency}
  from: {type: date, default: 1970-01-01, description: Invoiced on or after this day}
  to: {type: date, default: 9999-12-31, description: Invoiced on or before this day}
  min_total: {type: number, default: 0, min: 0, description: Lowest billed amount}
  limit: {type: integer, default: 50, min: 1, max: 200, description: Number of invoices}
  offset: {type: integer, default: 0, min: 0, description: Number to skip}
shape: page
sort:
  default: invoice_date.desc
  columns: [invoice_date, due_date, bill_total, customer_name, invoice_number]
  then: invoice_number
  description: Then by invoice number
columns:
  invoice_number: {link: "/invoices/{invoice_number}"}
  customer_id: {link: "/customers/{customer_id}"}
  order_id: {link: "/orders/{order_id}"}
  bill_total: {type: money}
  applied: {type: money, description: Amount paid}
  outstanding: {type: money}
filename: invoices
tags: [invoices]
*/
SELECT
    invoices.invoice_number,
    invoices.customer_id,
    customers.customer_name,
    invoices.order_id,
    invoices.invoice_date,
    invoices.due_date,
    invoices.bill_total_cents AS bill_total,
    invoices.applied_cents AS applied,
    CASE
        WHEN invoices.bill_total_cents > invoices.applied_cents
            THEN invoices.bill_total_cents - invoices.applied_cents
        ELSE 0
    END AS outstanding,
    invoices.currency,
    invoices.status,
    invoices.terms,
    invoices.customer_po_number,
    invoices.contact_name,
    invoices.contact_email,
    invoices.contact_phone
FROM invoice_db.invoices AS invoices
LEFT JOIN customer_db.customers AS customers
    ON invoices.customer_id = customers.customer_id
WHERE
    invoices.invoice_date BETWEEN :from AND :to
    AND CAST(invoices.bill_total_cents AS DOUBLE PRECISION) / 100 >= :min_total
    AND (:customer_id IS NULL OR invoices.customer_id = :customer_id)
    AND (:status IS NULL OR invoices.status = :status)
    AND (:currency IS NULL OR invoices.currency = :currency)
    AND (
        :q IS NULL
        -- instr is SQLite's; PostgreSQL has position(… IN …).
        OR instr(lower(invoices.invoice_number), lower(:q)) > 0
        OR instr(lower(invoices.customer_po_number), lower(:q)) > 0
        OR instr(lower(customers.customer_name), lower(:q)) > 0
    )
ORDER BY
    invoices.invoice_date DESC,
    invoices.invoice_number
LIMIT :limit OFFSET :offset;
