"""When a test ends, and why: rules, their tree, and the decision at the cuts."""
