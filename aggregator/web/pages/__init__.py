"""Pages for people: HTML around the same rows, from the same registry."""
