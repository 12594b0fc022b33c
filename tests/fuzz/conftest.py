"""How long fuzzing goes on: as other tests do, or `--hypothesis-profile=long`, which `make fuzz` asks for."""

from hypothesis import settings

settings.register_profile("long", max_examples=20_000, deadline=None)
