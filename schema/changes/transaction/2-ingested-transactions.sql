-- A till or another service tells transactions as they happen, each with what it knew of the customer at
-- that moment. They have a table of their own, because nothing in them is looked up.
CREATE TABLE ingested_transactions (
    ingested_transaction_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL CHECK (customer_id > 0),
    customer_name TEXT NOT NULL CHECK (customer_name <> ''),
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    mobile_number TEXT NOT NULL CHECK (
        mobile_number GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'
    ),
    transaction_at TEXT NOT NULL CHECK (
        transaction_at GLOB
        '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]*Z'
    ),
    pincode TEXT NOT NULL CHECK (pincode GLOB '[1-9][0-9][0-9][0-9][0-9][0-9]'),
    state TEXT NOT NULL CHECK (state <> ''),
    UNIQUE (customer_id, transaction_at)
) STRICT;
