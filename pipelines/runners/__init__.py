"""Runners: a run is worked on in this process, on Prism or on Flink."""
