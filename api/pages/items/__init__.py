"""An item as a form: the same at a sitting, at practice and in an author's preview."""
