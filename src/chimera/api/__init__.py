"""What every endpoint shares: errors, limits, paging, the live transports."""
