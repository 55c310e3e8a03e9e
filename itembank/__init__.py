"""Items, banks, frameworks: what is asked, how it is scored, where it came from."""
