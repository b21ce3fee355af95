"""The use cases and the Protocols they need. No framework, no driver: those stand in the rooms."""
