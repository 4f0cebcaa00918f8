"""The `sql/` folder: which URLs there are, and what each file says of its own."""
