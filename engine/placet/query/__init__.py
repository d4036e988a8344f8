"""The filter language: text to tree, tree to text, and whether a tree holds for given facts. Nothing here does I/O."""
