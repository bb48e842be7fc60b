"""What a line does when nobody can answer; who is assigned to it; voice messages."""
