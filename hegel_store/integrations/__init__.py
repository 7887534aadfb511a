"""Optimisers that keep what they do in the store. Each needs its own package, and an extra."""
