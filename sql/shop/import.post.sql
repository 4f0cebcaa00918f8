/*
title: Load orders of the shop
description: |
  Load the flat sheet of the web shop into customers, categories, products, orders and order lines. Each row
  is one order line with its customer and its product.

  The sheet has no order numbers: customer, date and time identify an order, and a product appears once in
  an order. If rows contradict each other or appear twice, the first one counts; an existing customer or
  product is not changed. Existing orders and lines are updated. A line without a quantity or a discount has
  no total. `Sales` is the price of one piece. Times are read as UTC.
input:
  order_date: {type: date, required: true, from: Order_Date, format: "%m/%d/%Y"}
  order_time:
    type: text
    required: true
    pattern: "([01]?[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    message: must be a time of day
    from: Time
    example: "8:38:49"
  aging_days: {type: number, min: 0, from: Aging}
  shop_number: {type: integer, required: true, min: 1, from: Customer_Id}
  gender: {type: text, max: 50, from: Gender}
  device_type: {type: text, max: 50, from: Device_Type}
  login_type: {type: text, max: 50, from: Customer_Login_type}
  category_name: {type: text, required: true, max: 100, from: Product_Category}
  product_name: {type: text, required: true, max: 200, from: Product}
  unit_price_cents: {type: money, currency: USD, required: true, min: 0, max: 1000000, from: Sales}
  quantity: {type: integer, min: 1, max: 1000000, from: Quantity}
  discount: {type: number, min: 0, max: 1, from: Discount, description: A share; 0.3 is 30 percent}
  profit_cents: {type: money, currency: USD, from: Profit}
  shipping_cost_cents: {type: money, currency: USD, min: 0, from: Shipping_Cost}
  priority: {type: choice, required: true, choices: [Low, Medium, High, Critical], from: Order_Priority}
  payment_method: {type: text, max: 50, from: Payment_method}
tags: [shop]
*/

-- The shop tells no names.
WITH sheet_customers AS (
    SELECT
        input.line,
        input.shop_number,
        input.gender,
        input.login_type,
        MIN(
            input.order_date || 'T'
            || CASE WHEN length(input.order_time) = 7 THEN '0' ELSE '' END || input.order_time || 'Z'
        ) OVER (PARTITION BY input.shop_number) AS first_ordered_at,
        ROW_NUMBER() OVER (PARTITION BY input.shop_number ORDER BY input.line) AS place
    FROM input
)

INSERT INTO customer_db.customers (customer_name, created_at, shop_number, gender, login_type)
SELECT
    'Shop customer ' || CAST(sheet_customers.shop_number AS TEXT),
    sheet_customers.first_ordered_at,
    sheet_customers.shop_number,
    sheet_customers.gender,
    sheet_customers.login_type
FROM sheet_customers
WHERE sheet_customers.place = 1
ORDER BY sheet_customers.line
ON CONFLICT (shop_number) WHERE shop_number IS NOT NULL DO NOTHING;

INSERT INTO product_db.categories (category_name)
SELECT input.category_name
FROM input
WHERE TRUE
GROUP BY input.category_name
ORDER BY MIN(input.line)
ON CONFLICT (category_name) DO NOTHING;

WITH sheet_products AS (
    SELECT
        input.line,
        input.product_name,
        input.category_name,
        input.unit_price_cents,
        ROW_NUMBER() OVER (PARTITION BY input.product_name ORDER BY input.line) AS place
    FROM input
)

INSERT INTO product_db.products (product_name, category_id, unit_price_cents, discontinued)
SELECT
    sheet_products.product_name,
    categories.category_id,
    sheet_products.unit_price_cents,
    0
FROM sheet_products
INNER JOIN product_db.categories AS categories
    ON sheet_products.category_name = categories.category_name
WHERE sheet_products.place = 1
ORDER BY sheet_products.line
ON CONFLICT (product_name) DO NOTHING;

-- What stands in the sheet was sold and sent. From here on there is a customer, an order and a product
-- to each row. LEFT JOIN says that they are looked up row by row; with INNER JOIN, and statistics from
-- before the load, SQLite may go through the whole sheet for each of them.
WITH sheet_lines AS (
    SELECT
        input.line,
        customers.customer_id,
        input.order_date,
        input.order_date || 'T'
        || CASE WHEN length(input.order_time) = 7 THEN '0' ELSE '' END || input.order_time || 'Z'
            AS ordered_at,
        input.priority,
        input.device_type,
        input.payment_method,
        input.aging_days
    FROM input
    LEFT JOIN customer_db.customers AS customers
        ON input.shop_number = customers.shop_number
),

sheet_orders AS (
    SELECT
        sheet_lines.line,
        sheet_lines.customer_id,
        sheet_lines.order_date,
        sheet_lines.ordered_at,
        sheet_lines.priority,
        sheet_lines.device_type,
        sheet_lines.payment_method,
        sheet_lines.aging_days,
        ROW_NUMBER() OVER (
            PARTITION BY
                sheet_lines.customer_id,
                sheet_lines.ordered_at
            ORDER BY sheet_lines.line
        ) AS place
    FROM sheet_lines
)

INSERT INTO order_db.orders AS orders (
    customer_id,
    order_date,
    ordered_at,
    status,
    priority,
    device_type,
    payment_method,
    aging_days,
    source
)
SELECT
    sheet_orders.customer_id,
    sheet_orders.order_date,
    sheet_orders.ordered_at,
    'shipped',
    sheet_orders.priority,
    sheet_orders.device_type,
    sheet_orders.payment_method,
    sheet_orders.aging_days,
    'shop'
FROM sheet_orders
WHERE sheet_orders.place = 1
ORDER BY sheet_orders.line
ON CONFLICT (customer_id, ordered_at) WHERE source = 'shop' DO UPDATE SET
    priority = excluded.priority,
    device_type = excluded.device_type,
    payment_method = excluded.payment_method,
    aging_days = excluded.aging_days
WHERE
    orders.priority <> excluded.priority
    OR orders.device_type IS DISTINCT FROM excluded.device_type
    OR orders.payment_method IS DISTINCT FROM excluded.payment_method
    OR orders.aging_days IS DISTINCT FROM excluded.aging_days;

WITH placed_lines AS (
    SELECT
        input.line,
        customers.customer_id,
        input.order_date || 'T'
        || CASE WHEN length(input.order_time) = 7 THEN '0' ELSE '' END || input.order_time || 'Z'
            AS ordered_at,
        input.product_name,
        input.quantity,
        input.unit_price_cents,
        input.discount,
        input.profit_cents,
        input.shipping_cost_cents
    FROM input
    LEFT JOIN customer_db.customers AS customers
        ON input.shop_number = customers.shop_number
),

sheet_lines AS (
    SELECT
        placed_lines.line,
        orders.order_id,
        products.product_id,
        placed_lines.quantity,
        placed_lines.unit_price_cents,
        placed_lines.discount,
        placed_lines.profit_cents,
        placed_lines.shipping_cost_cents,
        ROW_NUMBER() OVER (
            PARTITION BY
                orders.order_id,
                products.product_id
            ORDER BY placed_lines.line
        ) AS place
    FROM placed_lines
    LEFT JOIN order_db.orders AS orders
        ON
            placed_lines.customer_id = orders.customer_id
            AND placed_lines.ordered_at = orders.ordered_at
            AND orders.source = 'shop'
    LEFT JOIN product_db.products AS products
        ON placed_lines.product_name = products.product_name
),

last_numbers AS (
    SELECT
        order_lines.order_id,
        MAX(order_lines.line_number) AS line_number
    FROM order_line_db.order_lines AS order_lines
    WHERE order_lines.order_id IN (SELECT sheet_lines.order_id FROM sheet_lines)
    GROUP BY order_lines.order_id
),

-- New lines are numbered on from the last one. A line that is there keeps its number, so those come
-- after the new ones and leave no gap.
numbered_lines AS (
    SELECT
        sheet_lines.line,
        sheet_lines.order_id,
        coalesce(last_numbers.line_number, 0) + ROW_NUMBER() OVER (
            PARTITION BY sheet_lines.order_id
            ORDER BY
                CASE WHEN order_lines.order_line_id IS NULL THEN 0 ELSE 1 END,
                sheet_lines.line
        ) AS line_number,
        sheet_lines.product_id,
        sheet_lines.quantity,
        sheet_lines.unit_price_cents,
        sheet_lines.discount,
        -- The discount counts to a hundredth of a percent, so that half a cent is rounded up exactly.
        (
            sheet_lines.quantity * sheet_lines.unit_price_cents
            * (10000 - CAST(round(sheet_lines.discount * 10000) AS INTEGER))
            + 5000
        ) / 10000 AS line_total_cents,
        sheet_lines.profit_cents,
        sheet_lines.shipping_cost_cents
    FROM sheet_lines
    LEFT JOIN last_numbers
        ON sheet_lines.order_id = last_numbers.order_id
    LEFT JOIN order_line_db.order_lines AS order_lines
        ON
            sheet_lines.order_id = order_lines.order_id
            AND sheet_lines.product_id = order_lines.product_id
    WHERE sheet_lines.place = 1
)

INSERT INTO order_line_db.order_lines AS order_lines (
    order_id,
    line_number,
    product_id,
    quantity,
    unit_price_cents,
    discount,
    line_total_cents,
    profit_cents,
    shipping_cost_cents
)
SELECT
    numbered_lines.order_id,
    numbered_lines.line_number,
    numbered_lines.product_id,
    numbered_lines.quantity,
    numbered_lines.unit_price_cents,
    numbered_lines.discount,
    numbered_lines.line_total_cents,
    numbered_lines.profit_cents,
    numbered_lines.shipping_cost_cents
FROM numbered_lines
WHERE TRUE
ORDER BY numbered_lines.line
ON CONFLICT (product_id, order_id) DO UPDATE SET
    quantity = excluded.quantity,
    unit_price_cents = excluded.unit_price_cents,
    discount = excluded.discount,
    line_total_cents = excluded.line_total_cents,
    profit_cents = excluded.profit_cents,
    shipping_cost_cents = excluded.shipping_cost_cents
WHERE
    order_lines.quantity IS DISTINCT FROM excluded.quantity
    OR order_lines.unit_price_cents <> excluded.unit_price_cents
    OR order_lines.discount IS DISTINCT FROM excluded.discount
    OR order_lines.profit_cents IS DISTINCT FROM excluded.profit_cents
    OR order_lines.shipping_cost_cents IS DISTINCT FROM excluded.shipping_cost_cents;
