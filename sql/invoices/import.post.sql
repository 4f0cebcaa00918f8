/*
title: Load invoices
description: |
  Load a sheet of invoices. An invoice that exists already, by its number, is replaced by its row: an empty
  cell clears the value. Customers are found by name, ignoring upper and lower case of A to Z; new ones are
  added. `Pending` counts as open. An invoice without a due date is due by its terms. If an invoice appears
  twice in the sheet, the last row counts.
input:
  customer_name: {type: text, required: true, max: 200, from: [CustomerName, Customer]}
  invoice_number: {type: text, required: true, max: 50, from: [InvoiceNumber, Invoice No]}
  invoice_date: {type: date, required: true, from: InvoiceDate, format: ["%m/%d/%y", "%m/%d/%Y"]}
  customer_po_number: {type: text, max: 50, from: [CustomerPoNumber, PO Number]}
  bill_total_cents:
    type: money
    currency: USD
    required: true
    min: 0
    max: 1000000000
    from: BillTotal
    description: In the currency of the invoice, with two decimals
  applied_cents:
    type: money
    currency: USD
    required: true
    min: 0
    max: 1000000000
    from: Applied
    description: Amount paid, in the currency of the invoice
  status: {type: choice, required: true, choices: [Open, Pending, Closed], from: Status}
  currency: {type: choice, required: true, choices: [USD, EUR, CAD], from: Currency}
  contact_name: {type: text, max: 200, from: ContactName}
  contact_phone: {type: text, max: 50, from: ContactPhone}
  contact_email:
    type: text
    max: 254
    pattern: ".+@.+"
    message: must be an e-mail address
    from: ContactEmail
  terms:
    type: text
    required: true
    pattern: "Net [1-9][0-9]{0,2}"
    message: must be Net and a number of days
    from: [CustomerTerms, Terms]
    description: Days from the invoice date to the due date
    example: Net 30
  due_date:
    type: date
    from: DueDate
    format: ["%m/%d/%y %H:%M", "%m/%d/%y", "%m/%d/%Y"]
    description: If empty, the due date follows from the terms
tags: [invoices]
*/
SELECT
    'must not be more than the bill total' AS invalid,
    input.line,
    'applied_cents' AS column
FROM input
WHERE input.applied_cents > input.bill_total_cents;

SELECT
    'cannot be Closed before the invoice is paid in full' AS invalid,
    input.line,
    'status' AS column
FROM input
WHERE
    input.status = 'Closed'
    AND input.applied_cents < input.bill_total_cents;

-- New customers, each as its newest invoice with an email tells it.
WITH sheet_customers AS (
    SELECT
        input.customer_name,
        input.contact_email,
        input.contact_phone,
        lower(input.customer_name) AS name_key,
        MIN(input.invoice_date) OVER (PARTITION BY lower(input.customer_name)) AS first_invoice_date,
        MIN(input.line) OVER (PARTITION BY lower(input.customer_name)) AS first_line,
        ROW_NUMBER() OVER (
            PARTITION BY lower(input.customer_name)
            ORDER BY
                CASE WHEN input.contact_email IS NULL THEN 1 ELSE 0 END,
                input.invoice_date DESC,
                input.line DESC
        ) AS place
    FROM input
)

INSERT INTO customer_db.customers (customer_name, email, phone, created_at)
SELECT
    sheet_customers.customer_name,
    sheet_customers.contact_email,
    sheet_customers.contact_phone,
    sheet_customers.first_invoice_date || 'T00:00:00Z'
FROM sheet_customers
WHERE
    sheet_customers.place = 1
    AND NOT EXISTS (
        SELECT 1
        FROM customer_db.customers AS customers
        WHERE lower(customers.customer_name) = sheet_customers.name_key
    )
ORDER BY sheet_customers.first_line;

WITH sheet_names AS (
    SELECT DISTINCT lower(input.customer_name) AS name_key
    FROM input
),

-- Of customers with the same name it is the oldest. LEFT JOIN, though each name is there by now, says
-- that they are looked up name by name, whatever SQLite's statistics were before the load.
known_customers AS (
    SELECT
        sheet_names.name_key,
        MIN(customers.customer_id) AS customer_id
    FROM sheet_names
    LEFT JOIN customer_db.customers AS customers
        ON sheet_names.name_key = lower(customers.customer_name)
    GROUP BY sheet_names.name_key
),

sheet_invoices AS (
    SELECT
        input.line,
        input.invoice_number,
        lower(input.customer_name) AS name_key,
        input.invoice_date,
        -- date with a modifier is SQLite's; PostgreSQL adds an integer to a date.
        coalesce(
            input.due_date,
            date(input.invoice_date, '+' || substr(input.terms, 5) || ' days')
        ) AS due_date,
        input.bill_total_cents,
        input.applied_cents,
        input.currency,
        CASE WHEN input.status = 'Pending' THEN 'Open' ELSE input.status END AS status,
        input.terms,
        input.customer_po_number,
        input.contact_name,
        input.contact_phone,
        input.contact_email,
        ROW_NUMBER() OVER (PARTITION BY input.invoice_number ORDER BY input.line DESC) AS place
    FROM input
)

INSERT INTO invoice_db.invoices AS invoices (
    invoice_number,
    customer_id,
    invoice_date,
    due_date,
    bill_total_cents,
    applied_cents,
    currency,
    status,
    terms,
    customer_po_number,
    contact_name,
    contact_phone,
    contact_email
)
SELECT
    sheet_invoices.invoice_number,
    known_customers.customer_id,
    sheet_invoices.invoice_date,
    sheet_invoices.due_date,
    sheet_invoices.bill_total_cents,
    sheet_invoices.applied_cents,
    sheet_invoices.currency,
    sheet_invoices.status,
    sheet_invoices.terms,
    sheet_invoices.customer_po_number,
    sheet_invoices.contact_name,
    sheet_invoices.contact_phone,
    sheet_invoices.contact_email
FROM sheet_invoices
LEFT JOIN known_customers
    ON sheet_invoices.name_key = known_customers.name_key
WHERE sheet_invoices.place = 1
ORDER BY sheet_invoices.line
ON CONFLICT (invoice_number) DO UPDATE SET
    customer_id = excluded.customer_id,
    invoice_date = excluded.invoice_date,
    due_date = excluded.due_date,
    bill_total_cents = excluded.bill_total_cents,
    applied_cents = excluded.applied_cents,
    currency = excluded.currency,
    status = excluded.status,
    terms = excluded.terms,
    customer_po_number = excluded.customer_po_number,
    contact_name = excluded.contact_name,
    contact_phone = excluded.contact_phone,
    contact_email = excluded.contact_email
WHERE
    invoices.customer_id <> excluded.customer_id
    OR invoices.invoice_date <> excluded.invoice_date
    OR invoices.due_date IS DISTINCT FROM excluded.due_date
    OR invoices.bill_total_cents <> excluded.bill_total_cents
    OR invoices.applied_cents <> excluded.applied_cents
    OR invoices.currency <> excluded.currency
    OR invoices.status <> excluded.status
    OR invoices.terms <> excluded.terms
    OR invoices.customer_po_number IS DISTINCT FROM excluded.customer_po_number
    OR invoices.contact_name IS DISTINCT FROM excluded.contact_name
    OR invoices.contact_phone IS DISTINCT FROM excluded.contact_phone
    OR invoices.contact_email IS DISTINCT FROM excluded.contact_email;
