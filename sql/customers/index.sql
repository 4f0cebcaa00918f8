/*
title: Customers
description: Customers by name, with a search in name, email and city that ignores the case of A to Z.
params:
  q: {type: text, required: false, max: 100, description: "Part of a name, an email or a city"}
  state: {type: text, required: false, description: Only this state}
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
    customers.created_at
FROM customer_db.customers AS customers
WHERE
    (
        :q IS NULL
        -- instr is SQLite's; PostgreSQL has position(… IN …).
        OR instr(lower(customers.customer_name), lower(:q)) > 0
        OR instr(lower(customers.email), lower(:q)) > 0
        OR instr(lower(customers.city), lower(:q)) > 0
    )
    AND (:state IS NULL OR lower(customers.state) = lower(:state))
ORDER BY
    customers.customer_name,
    customers.customer_id;
