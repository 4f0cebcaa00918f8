-- order_line.db: what was ordered, one row a product of an order.
PRAGMA user_version = 2;

-- `order_id` is an order of order.db, `product_id` a product of product.db. `discount` is a share:
-- 0.05 is five percent. `line_total_cents` is quantity times price less the discount, rounded half
-- up to a whole cent. A sheet may lack a quantity or a discount: it is NULL then, and so is the total,
-- which nobody knows. Profit and shipping cost are known of the web shop's lines only.
CREATE TABLE order_lines (
    order_line_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL,
    line_number INTEGER NOT NULL CHECK (line_number > 0),
    product_id INTEGER NOT NULL,
    quantity INTEGER CHECK (quantity > 0),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0),
    discount REAL CHECK (discount BETWEEN 0 AND 1),
    line_total_cents INTEGER CHECK (
        line_total_cents BETWEEN 0 AND quantity * unit_price_cents
    ),
    profit_cents INTEGER,
    shipping_cost_cents INTEGER CHECK (shipping_cost_cents >= 0),
    UNIQUE (order_id, line_number),
    CHECK ((line_total_cents IS NULL) = (quantity IS NULL OR discount IS NULL))
) STRICT;

CREATE UNIQUE INDEX order_lines_by_product ON order_lines (product_id, order_id);
