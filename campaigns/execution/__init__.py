"""Step 6: claim an effect, call the vendor with no transaction open, and settle the outcome.

The sweeper asks for `execute.due_effects` and `execute.execute_effect`, a person who presses
*Try again* for `execute.retry_effect`.
"""
