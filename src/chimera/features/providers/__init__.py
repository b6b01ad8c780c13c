"""What people see of the providers."""
