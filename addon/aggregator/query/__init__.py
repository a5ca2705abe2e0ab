"""The search language: text to syntax tree, syntax tree to each store's own filter."""
