"""The chaos run: the whole product under faults and kills, judged by the vendors' books.

    python -m tests.chaos.run --seed 1 --database postgresql --report out.json

`course.py` tells its story from the first to the last; docs/reliability.md says what is judged.
"""
