"""Which item comes next: criteria, their registry, and the one choice they all end in."""
