"""The check of a file for a court says what cameras have signed; the service reads none of it."""

import io
import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import c2pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chalicelib import wiring
from chalicelib.domain.officers.model import Role
from chalicelib.kernel.files import derived_key
from examples.verify_custody import camera_signatures
from tests import cloud
from tests.custody import evidence, made

pytestmark = [
    pytest.mark.officers("wang", chief={"roles": (Role.SUPERVISOR,)}),
    pytest.mark.thorough,
]

CREATED = {
    "action": "c2pa.created",
    "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
}
MANIFEST = {
    "claim_generator_info": [{"name": "a camera", "version": "1"}],
    "title": "A picture",
    "assertions": [{"label": "c2pa.actions", "data": {"actions": [CREATED]}}],
}


class Certified(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def certified(name: str, by: Certified | None = None) -> Certified:
    """Return a key with a certificate, of its own or by another one."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = (
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A maker"),
        x509.NameAttribute(NameOID.COMMON_NAME, name),
    )
    subject, is_ca, now = x509.Name(names), by is None, wiring.clock.wall_clock()
    signs = by.key if by else key
    uses = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_ca,
                key_cert_sign=is_ca,
                crl_sign=is_ca,
                encipher_only=False,
                decipher_only=False,
                **uses,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signs.public_key()), critical=False
        )
    )
    if not is_ca:
        email = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        built = built.add_extension(email, critical=False)
    return Certified(built.sign(signs, hashes.SHA256()), key)


def signed(
    picture: bytes, camera: Certified, maker: Certified, address: str | None = None
) -> bytes:
    """Return the picture with a signature of this camera in it, or only the address of it."""
    private = camera.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = c2pa.C2paSignerInfo(
        alg=b"es256", sign_cert=camera.pem + maker.pem, private_key=private, ta_url=None
    )
    out = io.BytesIO()
    builder = c2pa.Builder(MANIFEST)
    if address:
        builder.set_remote_url(address)
        builder.set_no_embed()
    builder.sign(c2pa.Signer.from_info(info), "image/jpeg", io.BytesIO(picture), out)
    return out.getvalue()


def said_of(picture: bytes, trusted: Certified | None = None) -> str:
    pem = trusted.pem.decode() if trusted else None
    [said] = camera_signatures({"a.jpg": picture}, {"a.jpg": "image/jpeg"}, pem)
    return said.removeprefix("a.jpg: camera signature: ")


def test_valid_untrusted_altered_and_none_are_told_apart() -> None:
    maker, other = certified("A maker's root"), certified("Another root")
    picture = signed(cloud.photo(), certified("Camera 7", maker), maker)
    assert said_of(picture, maker) == "valid, of a signer that you trust (by Camera 7, A maker)."
    by_nobody = "valid, of a signer that nothing here vouches for (by Camera 7, A maker)."
    assert said_of(picture) == said_of(picture, other) == by_nobody
    pixels = bytearray(picture)
    pixels[-500] ^= 1
    assert said_of(bytes(pixels), maker).startswith("invalid: the picture or its signature")
    at = picture.index(b"c2pa.signature") + 200
    assert said_of(picture[:at] + b"x" + picture[at + 1 :], maker).startswith("invalid: ")
    assert said_of(cloud.photo(), maker) == "none."


def test_nothing_is_loaded_from_an_address_that_a_picture_names() -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    maker = certified("A maker's root")
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/manifest.c2pa"
        picture = signed(cloud.photo(), certified("Camera 7", maker), maker, address)
        said = said_of(picture)
        server.shutdown()
    assert ("nothing is loaded" in said, asked) == (True, [])


def test_the_original_keeps_it_byte_by_byte_and_no_preview_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maker = certified("A maker's root")
    picture = signed(cloud.photo(), certified("Camera 7", maker), maker)
    created = evidence(picture)
    for name in ("thumb.jpg", "preview.jpg"):
        key = derived_key(created["id"], created["uploads"][0]["media_id"], name)
        preview = wiring.bucket().read(key)
        assert not any(trace in preview for trace in (b"c2pa", b"jumb", b"\xff\xeb", b"Camera 7"))
    whole = made(created)
    assert picture in whole.members.values()
    assert whole.said["camera_signatures"] == "not_read"
    assert b"Camera 7" not in json.dumps(whole.said).encode()
    trusted = tmp_path / "makers.pem"
    trusted.write_bytes(maker.pem)
    assert whole.run(tmp_path, "--camera-trust", str(trusted)) == 0
    assert "valid, of a signer that you trust (by Camera 7, A maker)" in capsys.readouterr().out
