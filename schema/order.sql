-- order.db: who ordered when. What was ordered stands in order_line.db.
PRAGMA user_version = 2;

-- `customer_id` is a customer of customer.db. `order_date` is the UTC day of `ordered_at`, kept for
-- reports by day. Device, age and source are known of orders of the web shop's sheet alone;
-- `aging_days` is the sheet's own count of days. Such an order has no number there: a customer places
-- one at a time, so customer and moment name it.
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL,
    order_date TEXT NOT NULL CHECK (order_date GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
    ordered_at TEXT NOT NULL CHECK (
        ordered_at GLOB
        '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z'
    ),
    status TEXT NOT NULL CHECK (status IN ('open', 'paid', 'shipped', 'cancelled')),
    priority TEXT NOT NULL CHECK (priority IN ('Low', 'Medium', 'High', 'Critical')),
    device_type TEXT CHECK (device_type <> ''),
    payment_method TEXT CHECK (payment_method <> ''),
    aging_days REAL CHECK (aging_days >= 0),
    source TEXT CHECK (source IN ('shop')),
    CHECK (order_date = substr(ordered_at, 1, 10))
) STRICT;

CREATE INDEX orders_by_customer ON orders (customer_id, order_date);

CREATE UNIQUE INDEX orders_of_shop ON orders (customer_id, ordered_at) WHERE source = 'shop';

CREATE INDEX orders_by_date ON orders (order_date);
