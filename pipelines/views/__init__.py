"""What people look at: the report, the card, the summary, progress."""
