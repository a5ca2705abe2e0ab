"""Sources of lines that the aggregator reads by itself."""
