"""Strict readers, one file format each. A reader yields a Record or a Reject for every record of a file.

What breaks a single record rejects that record; what breaks the file as a whole raises FileRefused.
"""
