"""REST: translates a request, calls one verb of the services, translates back. No rule lives here."""
