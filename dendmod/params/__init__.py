"""The papers' numbers, one module a paper, each with its place."""
