"""What taking logs costs, protocol by protocol."""
