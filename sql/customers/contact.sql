/*
title: Contacts of a customer
description: |
  Contacts named in the invoices of a customer, most recent first. Contacts differ in name, email or phone.
  `total` counts all of them; `limit` and `offset` choose which are listed. A customer without contacts has
  one contact of empty texts, and a `total` of 0.
params:
  name:
    type: text
    max: 200
    pattern: ".*\\S.*"
    message: must not be blank
    description: The customer's name (ignores case)
    example: Lens & Light
  limit: {type: integer, default: 50, min: 1, max: 200, description: Number of contacts}
  offset: {type: integer, default: 0, min: 0, description: Number to skip}
shape:
  nest:
    contacts: [contact_name, contact_email, contact_phone, last_seen_invoice_date]
columns:
  last_seen_invoice_date: {type: date, description: Date of the newest invoice with this contact}
  total: {type: integer, description: "All contacts, including those not listed"}
filename: contacts
tags: [customers]
*/
WITH named_customers AS (
    SELECT
        customers.customer_id,
        customers.customer_name
    FROM customer_db.customers AS customers
    WHERE lower(customers.customer_name) = lower(trim(:name))
),

-- Of customers with the same name it is the oldest whose spelling is shown.
shown_customers AS (
    SELECT named_customers.customer_name
    FROM named_customers
    ORDER BY named_customers.customer_id
    LIMIT 1
),

contacts AS (
    SELECT
        coalesce(invoices.contact_name, '') AS contact_name,
        coalesce(invoices.contact_email, '') AS contact_email,
        coalesce(invoices.contact_phone, '') AS contact_phone,
        MAX(invoices.invoice_date) AS last_seen_invoice_date
    FROM named_customers
    INNER JOIN invoice_db.invoices AS invoices
        ON named_customers.customer_id = invoices.customer_id
    WHERE coalesce(invoices.contact_name, invoices.contact_email, invoices.contact_phone) IS NOT NULL
    GROUP BY
        coalesce(invoices.contact_name, ''),
        coalesce(invoices.contact_email, ''),
        coalesce(invoices.contact_phone, '')
),

totals AS (
    SELECT COUNT(*) AS total
    FROM contacts
),

contacts_or_nobody AS (
    SELECT
        contacts.contact_name,
        contacts.contact_email,
        contacts.contact_phone,
        contacts.last_seen_invoice_date
    FROM contacts
    UNION ALL
    SELECT
        '' AS contact_name,
        '' AS contact_email,
        '' AS contact_phone,
        NULL AS last_seen_invoice_date
    FROM totals
    WHERE totals.total = 0
),

listed_contacts AS (
    SELECT
        contacts_or_nobody.contact_name,
        contacts_or_nobody.contact_email,
        contacts_or_nobody.contact_phone,
        contacts_or_nobody.last_seen_invoice_date
    FROM contacts_or_nobody
    ORDER BY
        contacts_or_nobody.last_seen_invoice_date DESC,
        contacts_or_nobody.contact_name,
        contacts_or_nobody.contact_email,
        contacts_or_nobody.contact_phone
    LIMIT :limit OFFSET :offset
)

-- LEFT JOIN: with an offset beyond the last contact, the customer is there all the same.
SELECT
    shown_customers.customer_name,
    listed_contacts.contact_name,
    listed_contacts.contact_email,
    listed_contacts.contact_phone,
    listed_contacts.last_seen_invoice_date,
    totals.total
FROM shown_customers
CROSS JOIN totals
LEFT JOIN listed_contacts
    ON TRUE
ORDER BY
    listed_contacts.last_seen_invoice_date DESC,
    listed_contacts.contact_name,
    listed_contacts.contact_email,
    listed_contacts.contact_phone;
