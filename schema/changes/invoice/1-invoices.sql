-- The first version: what is owed, one invoice an order.
CREATE TABLE invoices (
    invoice_id INTEGER PRIMARY KEY,
    invoice_number TEXT NOT NULL UNIQUE CHECK (invoice_number <> ''),
    customer_id INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    invoice_date TEXT NOT NULL CHECK (
        invoice_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'
    ),
    due_date TEXT CHECK (due_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    bill_total_cents INTEGER NOT NULL CHECK (bill_total_cents >= 0),
    applied_cents INTEGER NOT NULL CHECK (applied_cents BETWEEN 0 AND bill_total_cents),
    currency TEXT NOT NULL CHECK (currency IN ('USD', 'EUR')),
    status TEXT NOT NULL CHECK (status IN ('Open', 'Closed')),
    terms TEXT NOT NULL CHECK (terms IN ('Net 7', 'Net 15', 'Net 30', 'Net 45')),
    CHECK (status = 'Open' OR applied_cents = bill_total_cents)
) STRICT;

CREATE INDEX invoices_by_customer ON invoices (customer_id);

CREATE INDEX invoices_by_order ON invoices (order_id);

CREATE INDEX invoices_by_due_date ON invoices (status, due_date);
