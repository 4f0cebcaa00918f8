-- The best customers of a state are asked for, pincode by pincode, in whatever case the state is written.
CREATE INDEX ingested_transactions_by_state ON ingested_transactions (
    lower(state),
    pincode,
    customer_id,
    amount_cents
);

-- Nothing looks for the payments of one invoice: an invoice knows what has been applied to it.
DROP INDEX transactions_by_invoice;
