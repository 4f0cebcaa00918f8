/*
title: New customer
description: Add a customer. The response is the customer with its number.
params:
  customer_name:
    type: text
    min: 1
    max: 200
    pattern: ".*\\S.*"
    message: must not be blank
    example: Asha Verma
  email:
    type: text
    required: false
    max: 254
    pattern: "[^@\\s]+@[^@\\s]+"
    message: must be an e-mail address
    example: asha@example.com
  phone: {type: text, required: false, max: 50, example: "+91 04512 34567"}
  city: {type: text, required: false, max: 100, example: Pune}
  state: {type: text, required: false, max: 100, example: Maharashtra}
  pincode:
    type: text
    required: false
    pattern: "[1-9][0-9]{5}"
    message: "must be six digits, the first not 0"
    example: "411001"
  created_at: {type: datetime, default: now, description: Customer since}
shape: record
tags: [customers]
*/
INSERT INTO customer_db.customers AS customers (
    customer_name,
    email,
    phone,
    city,
    state,
    pincode,
    created_at
)
VALUES (
    trim(:customer_name),
    :email,
    :phone,
    :city,
    :state,
    :pincode,
    -- To the second.
    substr(:created_at, 1, 19) || 'Z'
)
RETURNING
    customers.customer_id,
    customers.customer_name,
    customers.email,
    customers.phone,
    customers.city,
    customers.state,
    customers.pincode,
    customers.created_at;
