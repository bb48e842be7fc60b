"""What the service promises: targets of the wallboard and the report."""
