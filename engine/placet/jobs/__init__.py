"""What happens later: timers that come due, and what one process has to tell another."""
