"""What a test must contain, kept at every step: constraints, the greedy rule, shadow tests, feasibility."""
