/*
title: Orders
description: |
  All orders, including cancelled ones. The total is the sum of the lines, and null if the total of every
  line is unknown. Search ignores upper and lower case. The device type is known only for orders of the web
  shop. Orders of the same day are sorted by number.
params:
  q:
    type: text
    required: false
    max: 100
    description: "Part of the customer's name, or the order's number"
  customer_id: {type: integer, required: false, min: 1, description: Only orders of this customer}
  city: {type: text, required: false, max: 100, description: Only customers of this city}
  status:
    type: choice
    required: false
    choices: [open, paid, shipped, cancelled]
    description: Only this status
  priority:
    type: choice
    required: false
    choices: [Low, Medium, High, Critical]
    description: Only this priority
  device_type: {type: text, required: false, max: 50, description: "Only this device, such as Web or Mobile"}
  payment_method: {type: text, required: false, max: 50, description: Only this payment method}
  source:
    type: choice
    default: all
    choices: [all, shop, desk]
    description: Orders of the web shop, all other orders, or all
  from: {type: date, default: 1970-01-01, description: Placed on or after this day}
  to: {type: date, default: 9999-12-31, description: Placed on or before this day}
  min_total:
    type: number
    required: false
    min: 0
    max: 1000000000
    description: "Lowest total, such as 99.50"
  max_total: {type: number, required: false, min: 0, max: 1000000000, description: Highest total}
  limit: {type: integer, default: 50, min: 1, max: 200, description: Orders on a page}
  offset: {type: integer, default: 0, min: 0, description: Orders to skip}
columns:
  order_id: {link: "/orders/{order_id}"}
  customer_id: {link: "/customers/{customer_id}"}
  order_total: {type: money, description: Total of the lines after discounts}
shape: page
sort:
  default: order_date.desc
  columns: [order_date, order_id, order_total, customer_name]
  then: order_id
  description: Orders of the same day by number; orders without a total last
filename: orders
tags: [orders]
*/
-- The total is made for each order that may be shown, and customers are found before their orders: that
-- costs least when there are many.
WITH priced_orders AS (
    SELECT
        orders.order_id,
        orders.order_date,
        orders.ordered_at,
        orders.status,
        orders.priority,
        orders.customer_id,
        customers.customer_name,
        customers.city,
        orders.device_type,
        orders.payment_method,
        orders.aging_days,
        orders.source,
        (
            SELECT SUM(order_lines.line_total_cents)
            FROM order_line_db.order_lines AS order_lines
            WHERE order_lines.order_id = orders.order_id
        ) AS total_cents
    FROM order_db.orders AS orders
    LEFT JOIN customer_db.customers AS customers
        ON orders.customer_id = customers.customer_id
)

SELECT
    priced_orders.order_id,
    priced_orders.order_date,
    priced_orders.ordered_at,
    priced_orders.status,
    priced_orders.priority,
    priced_orders.customer_id,
    priced_orders.customer_name,
    priced_orders.city,
    priced_orders.device_type,
    priced_orders.payment_method,
    priced_orders.aging_days,
    priced_orders.source,
    priced_orders.total_cents AS order_total
FROM priced_orders
WHERE
    (
        :q IS NULL
        OR CAST(priced_orders.order_id AS TEXT) = :q
        OR priced_orders.customer_id IN (
            SELECT customers.customer_id
            FROM customer_db.customers AS customers
            -- instr is SQLite's; PostgreSQL has position(… IN …).
            WHERE instr(lower(customers.customer_name), lower(:q)) > 0
        )
    )
    AND (:customer_id IS NULL OR priced_orders.customer_id = :customer_id)
    AND (
        :city IS NULL
        OR priced_orders.customer_id IN (
            SELECT customers.customer_id
            FROM customer_db.customers AS customers
            WHERE lower(customers.city) = lower(:city)
        )
    )
    AND (:status IS NULL OR priced_orders.status = :status)
    AND (:priority IS NULL OR priced_orders.priority = :priority)
    AND (:device_type IS NULL OR lower(priced_orders.device_type) = lower(:device_type))
    AND (:payment_method IS NULL OR lower(priced_orders.payment_method) = lower(:payment_method))
    AND (:source = 'all' OR coalesce(priced_orders.source, 'desk') = :source)
    AND priced_orders.order_date BETWEEN :from AND :to
    AND (:min_total IS NULL OR priced_orders.total_cents >= CAST(round(:min_total * 100) AS INTEGER))
    AND (:max_total IS NULL OR priced_orders.total_cents <= CAST(round(:max_total * 100) AS INTEGER))
ORDER BY
    priced_orders.order_date DESC,
    priced_orders.order_id DESC
LIMIT :limit OFFSET :offset;
