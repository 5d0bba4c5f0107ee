"""Pure functions on arrays: intervals, tests, verdicts, qualities; no files and no figures."""
