"""Fuzzing of the native core: ``python -m tests.engine.fuzz [SECONDS] [SEED]`` (``make fuzz``)."""
