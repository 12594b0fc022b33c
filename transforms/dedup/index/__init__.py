"""What later runs deduplicate against: the sets of the kept paragraphs of earlier runs, and where they are found."""
