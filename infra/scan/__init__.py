"""Scan what is deployed: its policies with parliament, the whole template with checkov.

Both run in a virtual environment of their own (`infra/scan/requirements.txt`), because checkov pins
an old boto3. Neither calls anybody: no download, no account.
"""
