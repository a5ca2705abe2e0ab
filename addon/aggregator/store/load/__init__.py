"""From the log to records that can be found: in memory, or as segments."""
