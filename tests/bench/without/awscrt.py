"""Hides awscrt, which Lambda's runtime does not have: samples find this folder first.

It is installed here for development only. boto3 would import it, and sign with it.
"""

raise ImportError("Lambda's Python has no awscrt")
