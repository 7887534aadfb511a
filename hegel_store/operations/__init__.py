"""What is done to a database that is in use, beside the application."""
