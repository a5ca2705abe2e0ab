"""The store's figures: a real aggregator over HTTP, measured against their goals."""
