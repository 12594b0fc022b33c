"""Numbers of paragraphs: paragraphs that are similar but for them are no duplicates.

A number is a folded word with a digit. One test serves all rules: two paragraphs are kept apart where each has a number
that the other lacks. Under `inner` they have the numbers between their first and last other words; under `equal` each
has one, the hash of all its numbers in order; under `ignore` none has any.
"""
