"""Cases: what becomes of an incident, until when, and in whose hands."""
