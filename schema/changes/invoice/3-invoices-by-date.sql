-- Reports ask for the invoices of a month.
CREATE INDEX invoices_by_date ON invoices (invoice_date);
