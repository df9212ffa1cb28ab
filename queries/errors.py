"""What is wrong with a question, in one line that says what would have been right."""


class QueryError(ValueError):
    """A question that cannot be answered: unknown metric, grouping, unit or period."""


class NotAllowed(QueryError):
    """A question that this viewer may not ask."""


class NotNow(QueryError):
    """A question that could be answered another time: what it needs cannot be read at the moment."""
