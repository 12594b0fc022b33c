"""Views for people: the report, the card, the summary, progress."""
