"""A report: an endpoint whose SQL has been checked against the databases, and how it is run."""
