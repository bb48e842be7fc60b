"""Where every program that is not Python comes from: the machine itself, a private Debian tree, or a wheel.

Standard library only: `deploy/bootstrap.py` imports this package before the Python environment exists.
"""
