/*
title: One sale
params:
  sold_date: {type: date}
  customer_id: {type: integer}
  product: {type: text}
  quantity: {type: integer, min: 1}
  amount_cents: {type: integer}
*/
INSERT INTO sale_db.sales (sold_date, customer_id, product, quantity, amount_cents)
VALUES (:sold_date, :customer_id, :product, :quantity, :amount_cents);
