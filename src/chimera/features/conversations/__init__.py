"""Create, control, list and search conversations, and speak in them."""
