"""What we find: runs over logs, hits with their evidence."""
