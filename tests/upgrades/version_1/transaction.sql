-- What setup_db.py made when version 1 was the newest: --orders 12.
PRAGMA user_version = 1;

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

INSERT INTO payment_methods VALUES
(1, 'Bank transfer'),
(2, 'Card'),
(3, 'Cash'),
(4, 'Cheque'),
(5, 'UPI');

INSERT INTO transactions VALUES
(1, 3, 1, 5, 121450, '2023-03-26T07:42:36Z'),
(2, 14, 3, 1, 71069, '2023-12-09T19:56:14Z'),
(3, 2, 4, 1, 20098, '2024-09-19T11:15:46Z'),
(4, 2, 4, 1, 24627, '2024-10-08T20:24:23Z'),
(5, 22, 5, 3, 177471, '2025-01-09T12:05:55Z'),
(6, 6, 6, 2, 20161, '2025-03-19T22:17:21Z'),
(7, 6, 6, 3, 15305, '2025-03-25T12:14:47Z'),
(8, 14, 7, 4, 11240, '2025-04-15T03:28:37Z'),
(9, 35, 8, 1, 4049, '2025-08-20T15:32:01Z'),
(10, 24, 9, 2, 55580, '2025-08-24T00:17:54Z'),
(11, 12, 10, 1, 467152, '2025-09-07T19:05:28Z'),
(12, 8, 11, 4, 13107, '2025-10-08T13:59:47Z'),
(13, 8, 11, 5, 29875, '2025-10-27T19:56:17Z'),
(14, 3, 12, 1, 115610, '2025-12-06T14:27:27Z');

CREATE INDEX transactions_by_customer ON transactions (customer_id, transaction_at);
CREATE INDEX transactions_by_invoice ON transactions (invoice_id);
