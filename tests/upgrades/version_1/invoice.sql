-- What setup_db.py made when version 1 was the newest: --orders 12.
PRAGMA user_version = 1;

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

INSERT INTO invoices VALUES
(1, 'INV-2023-0000001', 3, 1, '2023-03-19', '2023-04-18', 121450, 121450, 'USD', 'Closed', 'Net 30'),
(2, 'INV-2023-0000002', 3, 2, '2023-11-13', '2023-11-20', 277630, 0, 'USD', 'Open', 'Net 7'),
(3, 'INV-2023-0000003', 14, 3, '2023-12-05', '2024-01-04', 71069, 71069, 'USD', 'Closed', 'Net 30'),
(4, 'INV-2024-0000004', 2, 4, '2024-09-18', '2024-10-18', 153806, 44725, 'USD', 'Open', 'Net 30'),
(5, 'INV-2024-0000005', 22, 5, '2024-12-21', '2025-01-20', 195287, 177471, 'USD', 'Open', 'Net 30'),
(6, 'INV-2025-0000006', 6, 6, '2025-03-10', '2025-04-09', 35466, 35466, 'USD', 'Closed', 'Net 30'),
(7, 'INV-2025-0000007', 14, 7, '2025-04-11', '2025-05-11', 11240, 11240, 'USD', 'Closed', 'Net 30'),
(8, 'INV-2025-0000008', 35, 8, '2025-07-30', '2025-09-13', 4049, 4049, 'USD', 'Closed', 'Net 45'),
(9, 'INV-2025-0000009', 24, 9, '2025-08-09', '2025-09-23', 55580, 55580, 'EUR', 'Closed', 'Net 45'),
(10, 'INV-2025-0000010', 12, 10, '2025-09-01', '2025-10-01', 467152, 467152, 'EUR', 'Closed', 'Net 30'),
(11, 'INV-2025-0000011', 8, 11, '2025-10-06', '2025-10-21', 42982, 42982, 'EUR', 'Closed', 'Net 15'),
(12, 'INV-2025-0000012', 3, 12, '2025-11-25', '2025-12-10', 115610, 115610, 'USD', 'Closed', 'Net 15');

CREATE INDEX invoices_by_customer ON invoices (customer_id);
CREATE INDEX invoices_by_order ON invoices (order_id);
CREATE INDEX invoices_by_due_date ON invoices (status, due_date);
