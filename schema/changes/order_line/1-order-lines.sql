-- The first version: what was ordered, with quantity, discount and total of each line known.
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
