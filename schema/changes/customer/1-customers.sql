-- The first version: who buys, each with a full address.
CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    customer_name TEXT NOT NULL CHECK (customer_name <> ''),
    email TEXT CHECK (email GLOB '?*@?*'),
    phone TEXT CHECK (phone <> ''),
    city TEXT NOT NULL CHECK (city <> ''),
    state TEXT NOT NULL CHECK (state <> ''),
    pincode TEXT NOT NULL CHECK (pincode GLOB '[1-9][0-9][0-9][0-9][0-9][0-9]'),
    created_at TEXT NOT NULL CHECK (
        created_at GLOB
        '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z'
    )
) STRICT;
