"""Hours of the services, days that differ, confirmed years."""
