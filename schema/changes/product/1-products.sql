-- The first version: what is sold, in categories, and how much of it is there.
CREATE TABLE categories (
    category_id INTEGER PRIMARY KEY,
    category_name TEXT NOT NULL UNIQUE CHECK (category_name <> '')
) STRICT;

CREATE TABLE products (
    product_id INTEGER PRIMARY KEY,
    product_name TEXT NOT NULL CHECK (product_name <> ''),
    category_id INTEGER NOT NULL REFERENCES categories (category_id),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0),
    stock INTEGER NOT NULL CHECK (stock >= 0),
    discontinued INTEGER NOT NULL CHECK (discontinued IN (0, 1))
) STRICT;

CREATE INDEX products_by_category ON products (category_id);
