"""Where a run is worked on: in this process, on Prism, on Flink."""
