"""The pages: Jinja2 templates and htmx over the services, one file per noun. How to add one: tests/web/README.md.

Pages translate, call one service verb, and translate back. What holds for all of them (who is asking, the checks before
a change, the look of a refusal) stands in `routes`, `ask` and `refusals`; no page can forget it.
"""
