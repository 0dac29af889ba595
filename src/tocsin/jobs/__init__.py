"""Background work: tasks with retries and schedules, the change log with its cursors, backup, restore and check."""
