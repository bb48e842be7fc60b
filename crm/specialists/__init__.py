"""Specialists, absences and substitutes; consultations and dispositions."""
