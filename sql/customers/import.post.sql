/*
title: Load customers
description: |
  Add many customers. A row is rejected if a customer with the same name and email exists already, or is in
  a row above; upper and lower case of A to Z are ignored. Loading the same sheet twice is therefore safe.
input:
  customer_name: {type: text, required: true, max: 200, from: [name, customer], example: Asha Verma}
  email:
    type: text
    max: 254
    pattern: "[^@\\s]+@[^@\\s]+"
    message: must be an e-mail address
    example: asha@example.com
  phone: {type: text, max: 50, example: "+91 04512 34567"}
  city: {type: text, max: 100, example: Pune}
  state: {type: text, max: 100, example: Maharashtra}
  pincode:
    type: text
    pattern: "[1-9][0-9]{5}"
    message: "must be six digits, the first not 0"
    example: "411001"
  created_at: {type: datetime, default: now, description: Customer since}
tags: [customers]
*/
SELECT
    'is customer ' || CAST(MIN(customers.customer_id) AS TEXT) || ' already' AS conflict,
    input.line,
    'customer_name' AS column
FROM input
INNER JOIN customer_db.customers AS customers
    ON
        lower(input.customer_name) = lower(customers.customer_name)
        AND lower(input.email) IS NOT DISTINCT FROM lower(customers.email)
GROUP BY input.line;

WITH numbered_lines AS (
    SELECT
        input.line,
        ROW_NUMBER() OVER (
            PARTITION BY
                lower(input.customer_name),
                lower(input.email)
            ORDER BY input.line
        ) AS place
    FROM input
)

SELECT
    'appears twice with this email' AS conflict,
    numbered_lines.line,
    'customer_name' AS column
FROM numbered_lines
WHERE numbered_lines.place > 1;

INSERT INTO customer_db.customers (
    customer_name,
    email,
    phone,
    city,
    state,
    pincode,
    created_at
)
SELECT
    input.customer_name,
    input.email,
    input.phone,
    input.city,
    input.state,
    input.pincode,
    -- To the second.
    substr(input.created_at, 1, 19) || 'Z'
FROM input
ORDER BY input.line;
