-- Customers come with sheets too. Of those little but the name is known, so the parts of an address may
-- be missing. The web shop has its own number for a customer, and tells gender and way of login. A sheet
-- of invoices names its customers, so names are looked up.
--
-- A NOT NULL goes only with its table: https://sqlite.org/lang_altertable.html#otheralter
CREATE TABLE customers_with_sheets (
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

INSERT INTO customers_with_sheets (
    customer_id,
    customer_name,
    email,
    phone,
    city,
    state,
    pincode,
    created_at
)
SELECT
    customers.customer_id,
    customers.customer_name,
    customers.email,
    customers.phone,
    customers.city,
    customers.state,
    customers.pincode,
    customers.created_at
FROM customers AS customers
ORDER BY customers.customer_id;

DROP TABLE customers;

ALTER TABLE customers_with_sheets RENAME TO customers;

CREATE INDEX customers_by_name ON customers (lower(customer_name));

CREATE UNIQUE INDEX customers_by_shop_number ON customers (shop_number) WHERE shop_number IS NOT NULL;
