"""Listing bundles, cutting them into splits, and reading their documents and paragraphs."""
