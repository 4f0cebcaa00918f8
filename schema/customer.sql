-- customer.db: who buys.
--
-- Every database of the demo is one file, and a file knows nothing of the others:
-- `orders.customer_id` in order.db is the `customer_id` of this file, but no constraint can say so
-- across files. Money is an integer number of minor units (`_cents`), a day is ISO text (`_date`),
-- an instant is ISO text in UTC (`_at`).
PRAGMA user_version = 2;

-- Of a customer that came with a sheet little but the name is known; `created_at` is the first moment
-- that the sheet tells of. `shop_number` is what the web shop calls a customer; it has one for those that
-- came from there, and knows the columns after it of nobody else.
CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    customer_name TEXT NOT NULL CHECK (customer_name <> ''),
    email TEXT CHECK (email GLOB '?*@?*'),
    phone TEXT CHECK (phone <> ''),
    city TEXT CHECK (city <> ''),
    state TEXT CHECK (state <> ''),
    pincode TEXT CHECK (pincode GLOB '[1-9][0-9][0-9][0-9][0-9][0-9]'),
    created_at TEXT NOT NULL CHECK (
        created_at GLOB
        '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z'
    ),
    shop_number INTEGER CHECK (shop_number > 0),
    gender TEXT CHECK (gender <> ''),
    login_type TEXT CHECK (login_type <> '')
) STRICT;

-- A sheet of invoices names its customers, in whatever case.
CREATE INDEX customers_by_name ON customers (lower(customer_name));

CREATE UNIQUE INDEX customers_by_shop_number ON customers (shop_number) WHERE shop_number IS NOT NULL;
