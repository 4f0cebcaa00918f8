-- invoice.db: what is owed. Each order that was not cancelled has one invoice; an invoice that came
-- with a sheet has no order.
PRAGMA user_version = 3;

-- `customer_id` is a customer of customer.db, `order_id` an order of order.db. `bill_total_cents`
-- is the sum of the order's lines, `applied_cents` the sum of the payments in transaction.db that
-- name this invoice; of an invoice from a sheet both are what the sheet says. `due_date` is NULL where
-- none was agreed. Cents are hundredths of the invoice's own currency, and all of these have hundredths.
-- The contact is whom the customer named for this invoice; the newest invoice has the contact of today.
CREATE TABLE invoices (
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

CREATE INDEX invoices_by_customer ON invoices (customer_id);

CREATE INDEX invoices_by_order ON invoices (order_id);

CREATE INDEX invoices_by_due_date ON invoices (status, due_date);

-- Reports ask for the invoices of a month.
CREATE INDEX invoices_by_date ON invoices (invoice_date);
