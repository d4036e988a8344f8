"""`/v1/connectors`: authentication configurations, services and connectors, for operators."""
