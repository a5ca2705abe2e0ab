"""Lines of text as records: the formats that programs write them in, and what becomes of them."""
