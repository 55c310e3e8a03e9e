"""HTTP, pages and the command line: the only storey that meets the outside."""
