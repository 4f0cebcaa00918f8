-- Invoices come with sheets too. Such an invoice has no order, may be in Canadian dollars, has whatever
-- number of days was agreed, and names the customer's own order number and a contact.
--
-- A NOT NULL and a CHECK go only with their table: https://sqlite.org/lang_altertable.html#otheralter
CREATE TABLE invoices_with_sheets (
    invoice_id INTEGER PRIMARY KEY,
    invoice_number TEXT NOT NULL UNIQUE CHECK (invoice_number <> ''),
    customer_id INTEGER NOT NULL,
    order_id INTEGER,
    invoice_date TEXT NOT NULL CHECK (
        invoice_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'
    ),
    due_date TEXT CHECK (due_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    bill_total_cents INTEGER NOT NULL CHECK (bill_total_cents >= 0),
    applied_cents INTEGER NOT NULL CHECK (applied_cents BETWEEN 0 AND bill_total_cents),
    currency TEXT NOT NULL CHECK (currency IN ('USD', 'EUR', 'CAD')),
    status TEXT NOT NULL CHECK (status IN ('Open', 'Closed')),
    terms TEXT NOT NULL CHECK (terms GLOB 'Net [1-9]*' AND substr(terms, 5) NOT GLOB '*[^0-9]*'),
    customer_po_number TEXT CHECK (customer_po_number <> ''),
    contact_name TEXT CHECK (contact_name <> ''),
    contact_phone TEXT CHECK (contact_phone <> ''),
    contact_email TEXT CHECK (contact_email GLOB '?*@?*'),
    CHECK (status = 'Open' OR applied_cents = bill_total_cents)
) STRICT;

INSERT INTO invoices_with_sheets (
    invoice_id,
    invoice_number,
    customer_id,
    order_id,
    invoice_date,
    due_date,
    bill_total_cents,
    applied_cents,
    currency,
    status,
    terms
)
SELECT
    invoices.invoice_id,
    invoices.invoice_number,
    invoices.customer_id,
    invoices.order_id,
    invoices.invoice_date,
    invoices.due_date,
    invoices.bill_total_cents,
    invoices.applied_cents,
    invoices.currency,
    invoices.status,
    invoices.terms
FROM invoices AS invoices
ORDER BY invoices.invoice_id;

DROP TABLE invoices;

ALTER TABLE invoices_with_sheets RENAME TO invoices;

CREATE INDEX invoices_by_customer ON invoices (customer_id);

CREATE INDEX invoices_by_order ON invoices (order_id);

CREATE INDEX invoices_by_due_date ON invoices (status, due_date);
