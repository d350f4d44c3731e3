"""The certificate of the emulated cloud. It names AWS's hosts of one region, and nobody trusts it
but the functions and clients of a rehearsal.
"""

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=2)


def write(folder: Path, region: str) -> tuple[Path, Path]:
    """Write a new certificate and its key into `folder`, and return both files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal of tipline")])
    now = datetime.now(UTC)
    base = f"{region}.amazonaws.com"
    pages = f"*.auth.{region}.amazoncognito.com"
    hosts = [f"*.{base}", f"*.s3.{base}", f"*.execute-api.{base}", pages]
    names: list[x509.GeneralName] = [
        x509.DNSName(host) for host in [*hosts, "*.amazonaws.com", "*.cloudfront.net", "localhost"]
    ]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName(names), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            True,
        )
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "cloud.pem", folder / "cloud.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


def write_bundle(folder: Path, certificate: Path) -> Path:
    """Write a file of the certificates that this machine trusts and `certificate`, and return it.

    What an operator runs also fetches packages, so it must trust others too.
    """
    system = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    trusted = Path(system).read_text() if system and Path(system).is_file() else ""
    bundle = folder / "trusted.pem"
    bundle.write_text(f"{trusted}\n{certificate.read_text()}")
    return bundle
