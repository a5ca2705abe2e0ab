"""Files of lines that grow, are rotated and are cut off."""
