-- What setup_db.py made when version 1 was the newest: --orders 12.
PRAGMA user_version = 1;

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

INSERT INTO categories VALUES
(1, 'Lighting'),
(2, 'Cameras & Lenses'),
(3, 'Kitchen'),
(4, 'Furniture'),
(5, 'Tools'),
(6, 'Stationery'),
(7, 'Garden'),
(8, 'Audio'),
(9, 'Travel'),
(10, 'Sports');

INSERT INTO products VALUES
(1, 'Alpine Desk Lamp', 1, 4099, 198, 0),
(2, 'Élan Camera', 2, 55399, 458, 0),
(3, 'Lotus Frying Pan 10"', 3, 4499, 268, 0),
(4, 'Amber Office Chair', 4, 15099, 107, 0),
(5, 'Ember Hammer, 500 g', 5, 2199, 400, 0),
(6, 'Meridian Notebook, ruled', 6, 499, 365, 0),
(7, 'Aurora Watering Can', 7, 2299, 302, 0),
(8, 'Fjord Headphones', 8, 12899, 236, 0),
(9, 'Nimbus Cabin Case', 9, 15099, 273, 0),
(10, 'Basalt Yoga Mat', 10, 3599, 441, 0),
(11, 'Granite Floor Lamp', 1, 12999, 299, 0),
(12, 'Otter 50 mm Lens', 2, 23599, 406, 1),
(13, 'Birch Chef''s Knife', 3, 4199, 140, 0),
(14, 'Harbour Standing Desk', 4, 48899, 498, 0),
(15, 'Quartz Drill', 5, 9399, 316, 0),
(16, 'Cobalt Fountain Pen', 6, 3499, 160, 0),
(17, 'Ivory Secateurs', 7, 3199, 30, 0),
(18, 'Saffron Earbuds', 8, 9099, 118, 0),
(19, 'Compass Rucksack', 9, 7099, 21, 0),
(20, 'Juniper Cricket Bat', 10, 10999, 367, 0),
(21, 'Alpine Pendant', 1, 6299, 483, 0),
(22, 'Élan Zoom Lens', 2, 61599, 310, 0),
(23, 'Lotus Kettle', 3, 3799, 222, 0),
(24, 'Amber Bookcase', 4, 14699, 165, 1),
(25, 'Ember Screwdriver Set', 5, 1999, 391, 0),
(26, 'Meridian Gel Pens, 10', 6, 599, 490, 0),
(27, 'Aurora Planter', 7, 2699, 27, 0),
(28, 'Fjord Speaker', 8, 10899, 20, 0),
(29, 'Nimbus Neck Pillow', 9, 1599, 61, 0),
(30, 'Basalt Football', 10, 2799, 493, 0),
(31, 'Granite LED Bulb, 9 W', 1, 499, 18, 0),
(32, 'Otter Tripod', 2, 7499, 415, 0),
(33, 'Birch Mixing Bowl', 3, 1199, 121, 0),
(34, 'Harbour Stool', 4, 4099, 70, 0),
(35, 'Quartz Spanner 1/2"', 5, 1699, 495, 0),
(36, 'Cobalt Stapler', 6, 1299, 395, 0),
(37, 'Ivory Hose, 20 m', 7, 3899, 105, 0),
(38, 'Saffron Turntable', 8, 30799, 168, 0),
(39, 'Compass Adapter', 9, 1799, 407, 0),
(40, 'Juniper Racquet', 10, 7999, 134, 0);

CREATE INDEX products_by_category ON products (category_id);
