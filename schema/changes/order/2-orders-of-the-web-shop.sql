-- The web shop's sheet brings orders, and says more about them: from which device, paid how, how many
-- days old. Such an order has no number there; customer and moment name it, so that a sheet that is
-- loaded again adds none.
ALTER TABLE orders ADD COLUMN device_type TEXT CHECK (device_type <> '');

ALTER TABLE orders ADD COLUMN payment_method TEXT CHECK (payment_method <> '');

ALTER TABLE orders ADD COLUMN aging_days REAL CHECK (aging_days >= 0);

ALTER TABLE orders ADD COLUMN source TEXT CHECK (source IN ('shop'));

CREATE UNIQUE INDEX orders_of_shop ON orders (customer_id, ordered_at) WHERE source = 'shop';
