"""The page of one visit: what happened, why, and what a person may do about it.

Others ask for `decision_reason.why`, for `instructions` and for `explain.explanation_of`.
"""
