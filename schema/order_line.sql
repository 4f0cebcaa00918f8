-- order_line.db: what was ordered, one row a product of an order.
PRAGMA user_version = 1;

-- `order_id` is an order of order.db, `product_id` a product of product.db. `discount` is a share:
-- 0.05 is five percent. `line_total_cents` is quantity times price less the discount, rounded half
-- up to a whole cent.
CREATE TABLE order_lines (
    order_line_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    line_number INTEGER NOT NULL CHECK (line_number > 0),
    product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0),
    discount REAL NOT NULL CHECK (discount BETWEEN 0 AND 1),
    line_total_cents INTEGER NOT NULL CHECK (
        line_total_cents BETWEEN 0 AND quantity * unit_price_cents
    ),
    UNIQUE (order_id, line_number)
) STRICT;

CREATE INDEX order_lines_by_product ON order_lines (product_id);
