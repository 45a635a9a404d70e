"""Hands: whatever can make an image. The worker sees only `base`."""
