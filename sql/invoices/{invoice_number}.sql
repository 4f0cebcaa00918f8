/*
title: One invoice
description: An invoice with its customer, terms and contact. Amounts are in the currency of the invoice.
params:
  invoice_number: {type: text, max: 50, description: "The invoice's number, exactly", example: INV-2022-0000001}
shape: record
columns:
  customer_id: {link: "/customers/{customer_id}"}
  order_id: {link: "/orders/{order_id}"}
  bill_total: {type: money}
  applied: {type: money, description: Amount paid}
  outstanding: {type: money}
filename: invoice_{invoice_number}
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
WHERE invoices.invoice_number = :invoice_number;
