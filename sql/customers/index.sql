/*
title: Customers
description: |
  All customers, with search and filters. Search ignores upper and lower case. Shop number, gender and login
  type are known only for customers of the web shop.
params:
  q:
    type: text
    required: false
    max: 100
    description: "Part of a name, an email, a phone number or a city"
  city: {type: text, required: false, max: 100, description: Only this city}
  state: {type: text, required: false, max: 100, description: Only this state}
  pincode: {type: text, required: false, max: 6, description: Only pincodes that start with this}
  gender: {type: text, required: false, max: 50, description: Only this gender}
  login_type:
    type: text
    required: false
    max: 50
    description: "Only this login type, such as Member or Guest"
  from: {type: date, default: 1970-01-01, description: Customers since this day or later}
  to: {type: date, default: 9999-12-31, description: Customers since this day or earlier}
  limit: {type: integer, default: 50, min: 1, max: 200, description: Customers on a page}
  offset: {type: integer, default: 0, min: 0, description: Customers to skip}
columns:
  customer_id: {link: "/customers/{customer_id}"}
shape: page
sort:
  default: customer_name.asc
  columns: [customer_name, customer_id, created_at, city]
  then: customer_id
filename: customers
tags: [customers]
*/
SELECT
    customers.customer_id,
    customers.customer_name,
    customers.email,
    customers.phone,
    customers.city,
    customers.state,
    customers.pincode,
    customers.created_at,
    customers.shop_number,
    customers.gender,
    customers.login_type
FROM customer_db.customers AS customers
WHERE
    (
        :q IS NULL
        -- instr is SQLite's; PostgreSQL has position(… IN …).
        OR instr(lower(customers.customer_name), lower(:q)) > 0
        OR instr(lower(customers.email), lower(:q)) > 0
        OR instr(customers.phone, :q) > 0
        OR instr(lower(customers.city), lower(:q)) > 0
    )
    AND (:city IS NULL OR lower(customers.city) = lower(:city))
    AND (:state IS NULL OR lower(customers.state) = lower(:state))
    AND (:pincode IS NULL OR substr(customers.pincode, 1, length(:pincode)) = :pincode)
    AND (:gender IS NULL OR lower(customers.gender) = lower(:gender))
    AND (:login_type IS NULL OR lower(customers.login_type) = lower(:login_type))
    AND substr(customers.created_at, 1, 10) BETWEEN :from AND :to
ORDER BY
    customers.customer_name,
    customers.customer_id
LIMIT :limit OFFSET :offset;
