-- transaction.db: what was paid.
PRAGMA user_version = 3;

CREATE TABLE payment_methods (
    payment_method_id INTEGER PRIMARY KEY,
    method_name TEXT NOT NULL UNIQUE CHECK (method_name <> '')
) STRICT;

-- `customer_id` is a customer of customer.db, `invoice_id` an invoice of invoice.db. A refund
-- belongs to no invoice: its `invoice_id` is NULL and its amount negative.
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

-- Transactions as a till or another service tells them, each with what it knew of the customer at that
-- moment; nothing here is looked up. A customer has one at a moment: told again, it is not stored again.
CREATE TABLE ingested_transactions (
    ingested_transaction_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL CHECK (customer_id > 0),
    customer_name TEXT NOT NULL CHECK (customer_name <> ''),
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    mobile_number TEXT NOT NULL CHECK (
        mobile_number GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
    ),
    -- It may have a fraction of a second.
    transaction_at TEXT NOT NULL CHECK (
        transaction_at GLOB
        '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]*Z'
    ),
    pincode TEXT NOT NULL CHECK (pincode GLOB '[1-9][0-9][0-9][0-9][0-9][0-9]'),
    state TEXT NOT NULL CHECK (state <> ''),
    UNIQUE (customer_id, transaction_at)
) STRICT;

-- The best customers of a state are asked for, pincode by pincode, in whatever case the state is written.
CREATE INDEX ingested_transactions_by_state ON ingested_transactions (
    lower(state),
    pincode,
    customer_id,
    amount_cents
);
