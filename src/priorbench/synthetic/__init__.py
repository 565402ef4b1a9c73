"""Images that are drawn: dead leaves, large and small, and how their leaves are painted."""
