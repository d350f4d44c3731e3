"""A refusal in S3's words: a status, a code and a message in XML."""

import secrets
from xml.sax.saxutils import escape


class S3Error(Exception):
    """`details` become elements of their own, as S3 gives some of its errors."""

    def __init__(self, status: str, code: str, message: str, **details: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def xml(self) -> bytes:
        """Return the body of the response."""
        # S3 gives every request an id; here nothing can be found by it.
        request = secrets.token_hex(8).upper()
        elements = {
            "Code": self.code,
            "Message": self.message,
            **self.details,
            "RequestId": request,
            "HostId": "local",
        }
        inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements.items())
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()


def access_denied(message: str = "Access Denied", **details: str) -> S3Error:
    """Create the error of a request that nobody allows."""
    return S3Error("403 Forbidden", "AccessDenied", message, **details)


def bad_request(code: str, message: str, **details: str) -> S3Error:
    """Create the error of a request that S3 cannot take."""
    return S3Error("400 Bad Request", code, message, **details)


def not_found(code: str, message: str, **details: str) -> S3Error:
    """Create the error of a bucket, key or upload that does not exist."""
    return S3Error("404 Not Found", code, message, **details)
