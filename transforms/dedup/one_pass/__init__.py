"""The one-pass join: every paragraph decided in input order, on one worker."""
