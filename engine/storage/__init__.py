"""SQL and nothing else: one noun a file, the .py beside its .sql."""
