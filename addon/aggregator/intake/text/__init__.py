"""Lines of text, whatever brings them: whole batches of a protocol, or a stream that goes on."""
