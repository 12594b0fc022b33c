"""Streams and the watch: runs over bundles as they arrive."""
