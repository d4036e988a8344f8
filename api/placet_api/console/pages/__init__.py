"""The pages, one module each; a module with `ROUTES` beside these is a page by being there."""
