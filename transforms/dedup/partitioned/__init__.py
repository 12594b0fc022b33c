"""The partitioned join, for inputs whose sets do not fit one worker: the same verdicts as the one-pass join.

After Vernica, Carey, Li, SIGMOD 2010. Equal sets are found first; sets of which one stands for all others are
candidates where they share a prefix token; candidates are verified where the later one's split is. What is left for one
worker are the pairs that are similar, and the sets of near-copies too many to pair; it decides them in input order, as
the definition does.
"""
