"""Relatient's engagement API, after an assumed OpenAPI contract: Relatient publishes none."""
