"""Signatures that anybody can check with a public key: ECDSA on the curve P-256, with SHA-256."""


def is_signed_by(public: bytes, content: bytes, signature: bytes) -> bool:
    """Return whether `signature` (DER) is that of `content` by the key with this public half.

    `public` is SubjectPublicKeyInfo in DER. A key of another kind has signed nothing.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_der_public_key(public)
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
            key.curve, ec.SECP256R1
        ):
            return False
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
