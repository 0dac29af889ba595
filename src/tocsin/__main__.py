"""``python -m tocsin`` is ``tocsin``."""

from tocsin.project.cli import main

main()
