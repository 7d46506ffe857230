"""From input files to incidents: read once, mapped, converted to WGS84, checked by one list of rules."""
