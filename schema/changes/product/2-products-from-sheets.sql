-- Products come with sheets of orders too. Nobody has counted how many of those there are, and a sheet
-- knows a product by its name alone. So a name is one product's from now on: a file in which two have the
-- same is not upgraded before somebody has renamed one.
--
-- A NOT NULL goes only with its table: https://sqlite.org/lang_altertable.html#otheralter
CREATE TABLE products_with_sheets (
    product_id INTEGER PRIMARY KEY,
    product_name TEXT NOT NULL CHECK (product_name <> ''),
    category_id INTEGER NOT NULL REFERENCES categories (category_id),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0),
    stock INTEGER CHECK (stock >= 0),
    discontinued INTEGER NOT NULL CHECK (discontinued IN (0, 1))
) STRICT;

INSERT INTO products_with_sheets (
    product_id,
    product_name,
    category_id,
    unit_price_cents,
    stock,
    discontinued
)
SELECT
    products.product_id,
    products.product_name,
    products.category_id,
    products.unit_price_cents,
    products.stock,
    products.discontinued
FROM products AS products
ORDER BY products.product_id;

DROP TABLE products;

ALTER TABLE products_with_sheets RENAME TO products;

CREATE UNIQUE INDEX products_by_name ON products (product_name);

CREATE INDEX products_by_category ON products (category_id);
