"""What templates of all rooms load with ``{% load components %}``."""
