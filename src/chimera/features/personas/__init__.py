"""What people see of the personas."""
