"""Documents, the queue, questions, marks and learned versions in one SQL database."""
