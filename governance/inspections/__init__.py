"""Inspections: whom a week's list sends people to, and what their findings say of the colours."""
