/*
title: Sales, many at once
input:
  sale_id: {type: integer, required: true}
  sold_date: {type: date, required: true}
  customer_id: {type: integer, required: true}
  product: {type: text, required: true}
  quantity: {type: integer, required: true, min: 1}
  amount_cents: {type: money, currency: USD, required: true, from: amount}
  city: {type: text}
  note: {type: text}
*/
INSERT INTO sale_db.sales (sale_id, sold_date, customer_id, product, quantity, amount_cents, city, note)
SELECT
    input.sale_id,
    input.sold_date,
    input.customer_id,
    input.product,
    input.quantity,
    input.amount_cents,
    input.city,
    input.note
FROM input
ORDER BY input.line;
