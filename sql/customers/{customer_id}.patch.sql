/*
title: Change a customer
description: Change the given fields of a customer. The response is the whole customer.
params:
  customer_id: {type: integer, min: 1, description: "The customer's number", example: 1}
  customer_name:
    type: text
    required: false
    min: 1
    max: 200
    pattern: ".*\\S.*"
    message: must not be blank
  email:
    type: text
    required: false
    max: 254
    pattern: "[^@\\s]+@[^@\\s]+"
    message: must be an e-mail address
  phone: {type: text, required: false, max: 50}
  city: {type: text, required: false, max: 100}
  state: {type: text, required: false, max: 100}
  pincode:
    type: text
    required: false
    pattern: "[1-9][0-9]{5}"
    message: "must be six digits, the first not 0"
shape: record
tags: [customers]
*/
UPDATE customer_db.customers AS customers
SET
    customer_name = coalesce(trim(:customer_name), customers.customer_name),
    email = coalesce(:email, customers.email),
    phone = coalesce(:phone, customers.phone),
    city = coalesce(:city, customers.city),
    state = coalesce(:state, customers.state),
    pincode = coalesce(:pincode, customers.pincode)
WHERE customers.customer_id = :customer_id
RETURNING
    customers.customer_id,
    customers.customer_name,
    customers.email,
    customers.phone,
    customers.city,
    customers.state,
    customers.pincode,
    customers.created_at;
