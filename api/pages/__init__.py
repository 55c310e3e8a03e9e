"""Pages: a folder for each kind of visitor, a folder for each page, handler and template together."""
