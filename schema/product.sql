-- product.db: what is sold.
PRAGMA user_version = 2;

CREATE TABLE categories (
    category_id INTEGER PRIMARY KEY,
    category_name TEXT NOT NULL UNIQUE CHECK (category_name <> '')
) STRICT;

-- `unit_price_cents` is the price of today; what a customer paid stands in the order line. `stock` is
-- NULL where nobody has counted: of products that came with a sheet of orders.
CREATE TABLE products (
    product_id INTEGER PRIMARY KEY,
    product_name TEXT NOT NULL CHECK (product_name <> ''),
    category_id INTEGER NOT NULL REFERENCES categories (category_id),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0),
    stock INTEGER CHECK (stock >= 0),
    discontinued INTEGER NOT NULL CHECK (discontinued IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX products_by_name ON products (product_name);

CREATE INDEX products_by_category ON products (category_id);
