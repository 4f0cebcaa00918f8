-- The web shop's sheet may lack a quantity or a discount; nobody knows the total of such a line. It tells
-- profit and shipping cost. An order names a product once from now on: a file in which one does so twice
-- is not upgraded before somebody has made one line of the two.
--
-- A NOT NULL goes only with its table: https://sqlite.org/lang_altertable.html#otheralter
CREATE TABLE order_lines_of_shop (
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

INSERT INTO order_lines_of_shop (
    order_line_id,
    order_id,
    line_number,
    product_id,
    quantity,
    unit_price_cents,
    discount,
    line_total_cents
)
SELECT
    order_lines.order_line_id,
    order_lines.order_id,
    order_lines.line_number,
    order_lines.product_id,
    order_lines.quantity,
    order_lines.unit_price_cents,
    order_lines.discount,
    order_lines.line_total_cents
FROM order_lines AS order_lines
ORDER BY order_lines.order_line_id;

DROP TABLE order_lines;

ALTER TABLE order_lines_of_shop RENAME TO order_lines;

CREATE UNIQUE INDEX order_lines_by_product ON order_lines (product_id, order_id);
