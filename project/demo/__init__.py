"""The demonstration: both vendors simulated, the web, the workers, and a practice between them."""
