"""Pages of agreements: what was agreed, what waits, what left, what would have. Parse, ask or act, render."""
