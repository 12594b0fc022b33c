"""Streams: bundles as they arrive, and windows that take their turns."""
