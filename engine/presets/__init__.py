"""Policies that ship: each TOML file says which published rules it follows."""
