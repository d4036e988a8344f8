"""The OpenAPI document of the application, and the page made of it."""
