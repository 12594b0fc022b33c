"""Which language a document is in."""
