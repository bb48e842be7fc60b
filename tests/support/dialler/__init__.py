"""The outbound engine under test: a fake exchange, what is true of every run (`invariants`), ways to break it."""
