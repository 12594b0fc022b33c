"""Characters: one table of what each is, frozen at a version of Unicode, for all rooms."""
