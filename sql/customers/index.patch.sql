/*
title: Change customers
description: Change many customers by number. An empty cell or a missing column leaves the value unchanged.
input:
  customer_id: {type: integer, required: true, min: 1, from: [customer, id], example: 1}
  customer_name: {type: text, max: 200, from: name, example: Asha Verma}
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
tags: [customers]
*/
SELECT
    'must be an existing customer number' AS invalid,
    input.line,
    'customer_id' AS column
FROM input
LEFT JOIN customer_db.customers AS customers
    ON input.customer_id = customers.customer_id
WHERE customers.customer_id IS NULL;

WITH numbered_lines AS (
    SELECT
        input.line,
        ROW_NUMBER() OVER (PARTITION BY input.customer_id ORDER BY input.line) AS place
    FROM input
)

SELECT
    'appears twice' AS invalid,
    numbered_lines.line,
    'customer_id' AS column
FROM numbered_lines
WHERE numbered_lines.place > 1;

UPDATE customer_db.customers AS customers
SET
    customer_name = coalesce(input.customer_name, customers.customer_name),
    email = coalesce(input.email, customers.email),
    phone = coalesce(input.phone, customers.phone),
    city = coalesce(input.city, customers.city),
    state = coalesce(input.state, customers.state),
    pincode = coalesce(input.pincode, customers.pincode)
FROM input
WHERE customers.customer_id = input.customer_id;
