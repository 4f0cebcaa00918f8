-- The first version: what was paid.
CREATE TABLE payment_methods (
    payment_method_id INTEGER PRIMARY KEY,
    method_name TEXT NOT NULL UNIQUE CHECK (method_name <> '')
) STRICT;

CREATE TABLE transactions (
    transaction_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL,
    invoice_id INTEGER,
    payment_method_id INTEGER NOT NULL REFERENCES payment_methods (payment_method_id),
    amount_cents INTEGER NOT NULL CHECK (amount_cents <> 0),
    transaction_at TEXT NOT NULL CHECK (
        transaction_at GLOB
        '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z'
    )
) STRICT;

CREATE INDEX transactions_by_customer ON transactions (customer_id, transaction_at);

CREATE INDEX transactions_by_invoice ON transactions (invoice_id);
