-- What setup_db.py made when version 1 was the newest: --orders 12.
PRAGMA user_version = 1;

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
    CHECK (order_date = substr(ordered_at, 1, 10))
) STRICT;

INSERT INTO orders VALUES
(1, 3, '2023-03-17', '2023-03-17T10:20:25Z', 'shipped', 'Medium'),
(2, 3, '2023-11-12', '2023-11-12T14:45:49Z', 'open', 'High'),
(3, 14, '2023-12-05', '2023-12-05T11:39:38Z', 'shipped', 'Low'),
(4, 2, '2024-09-17', '2024-09-17T06:53:33Z', 'shipped', 'Critical'),
(5, 22, '2024-12-19', '2024-12-19T12:50:15Z', 'shipped', 'High'),
(6, 6, '2025-03-10', '2025-03-10T04:18:14Z', 'shipped', 'Low'),
(7, 14, '2025-04-10', '2025-04-10T08:44:58Z', 'shipped', 'High'),
(8, 35, '2025-07-29', '2025-07-29T06:23:03Z', 'shipped', 'Critical'),
(9, 24, '2025-08-09', '2025-08-09T03:58:18Z', 'paid', 'High'),
(10, 12, '2025-08-31', '2025-08-31T12:27:15Z', 'shipped', 'High'),
(11, 8, '2025-10-06', '2025-10-06T11:28:42Z', 'shipped', 'Low'),
(12, 3, '2025-11-25', '2025-11-25T02:47:50Z', 'shipped', 'Medium');

CREATE INDEX orders_by_customer ON orders (customer_id, order_date);
CREATE INDEX orders_by_date ON orders (order_date);
