"""The demo institution: its item bank "Data literacy at work", its framework, and a simulated field test."""
