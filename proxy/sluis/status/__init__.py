"""The status page: what a person wants to know of a gate that runs, read off the metrics and nothing else."""
