"""Check, without any server, a file for a court: that each original, entry and head in it is what
the service has recorded and signed.

    python verify_custody.py FILE.zip --key custody.pem --ledger-key audit.pem

Options:

    --signature FILE      the detached signature of the zip; by default FILE.zip.sig beside it
    --key FILE            the public keys (PEM) that sign files for a court
    --ledger-key FILE     the public keys (PEM) that sign the audit's digests and the ledger's heads
    --ledger FOLDER       a copy of the ledger that somebody else has kept: its heads must be these
    --original FILE       an original that was too large for the zip; can be given again
    --camera-trust FILE   certificates (PEM) of those whose camera signatures you trust

Get both keys, and the copy of the ledger, from a source that you trust: anybody can write a zip
that names a key of their own. Prints each thing that is wrong with its place, and then one of:

    Whole.                                                     exits with 0
    Not what was signed: … things are wrong.                   exits with 1
    Cannot be read: …                                          exits with 2
    Signed by somebody; give --key and --ledger-key.           exits with 3

Then come lines on the signatures that cameras have put into pictures (C2PA), if the package
`c2pa-python` is there. Such a signature says who has signed a picture, and that it was not changed
since; it never says that what it shows is true.

It needs Python 3.12 or later and the package `cryptography`. docs/accountability.md explains what a
file for a court shows; this program uses nothing else of the project, so that it can be read and
checked alone.
"""

import argparse
import base64
import hashlib
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

FORM, ZIP_FORM = "tipline/custody/1", "tipline/custody-zip/1"
HEAD_FORM, DIGEST_FORM = "tipline/ledger/1", "tipline/digest/1"
LISTED, SIGNATURE, SAID = "manifest.json", "manifest.sig", "custody.json"
# What a signature consists of: what is beside it in its file would be signed by nobody.
SIGNED_BY = frozenset(("key", "signature"))
# No zip of the service is larger: what claims to be is not unpacked.
MOST_BYTES = 1 << 30
EVIDENCE = 3
REPORT = "REPORT#"

Json = Mapping[str, Any]

ALL_ONES = (1 << 64) - 1


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x9A6C9329AC4BC9B5 if byte & 1 else 0)
    return byte


CRC_TABLE = [_crc_of(byte) for byte in range(256)]


class NotReadable(Exception):
    """What was given is no file for a court, or no key."""


class Keys(NamedTuple):
    """The public keys (DER) of the service; None where none was given."""

    custody: Sequence[bytes] | None = None
    ledger: Sequence[bytes] | None = None


# What is signed ---------------------------------------------------------------------------------


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def decoded(text: str) -> bytes:
    """Return the bytes of a text in base64. Raises ValueError for another text of these bytes."""
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:
        raise ValueError("no text that the service writes")
    return content


def fault_of_signature(
    form: str, content: bytes, signed: Json, keys: Sequence[bytes] | None
) -> str | None:
    """Return what is wrong with a signature of `content`; None when nothing is."""
    try:
        public, signature = (decoded(signed[name]) for name in ("key", "signature"))
        if keys is not None and public not in keys:
            return "it is signed with another key than those given"
        key = serialization.load_der_public_key(public)
    except (KeyError, TypeError, ValueError, UnsupportedAlgorithm):
        return "its signature cannot be read"
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return "its key is of another kind"
    try:
        key.verify(signature, f"{form}\n".encode() + content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return "it is not what was signed, or its signature was altered"
    return None


def check_zip(archive: bytes, signature: bytes, keys: Keys) -> Iterator[str]:
    """Yield what is wrong with a zip by its detached signature."""
    try:
        signed = json.loads(signature)
        said = {name: signed[name] for name in ("form", "name", "sha256", "size", "at")}
    except (KeyError, TypeError, ValueError):
        yield "The detached signature: cannot be read."
        return
    is_whole = canonical(signed) == signature and signed.keys() == said.keys() | SIGNED_BY
    if not is_whole or said["form"] != ZIP_FORM:
        yield "The detached signature: it was altered."
    elif fault := fault_of_signature(ZIP_FORM, canonical(said), signed, keys.custody):
        yield f"The detached signature: {fault}."
    if (said["sha256"], said["size"]) != (sha256(archive), len(archive)):
        yield "The zip: its bytes are not those that the detached signature is of."


# The members ------------------------------------------------------------------------------------


def read_members(archive: bytes) -> tuple[dict[str, bytes], list[str]]:
    """Return the files of a zip, and what is wrong with it. Raises NotReadable."""
    members: dict[str, bytes] = {}
    wrong: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            listed = opened.infolist()
            if sum(each.file_size for each in listed) > MOST_BYTES:
                raise NotReadable("the zip is larger than any of the service")
            if not _is_packed(archive, listed, opened.start_dir):
                wrong.append("The zip: it has more in it than its files.")
            for each in listed:
                if each.filename in members:
                    wrong.append(f"{each.filename}: it is in the zip twice.")
                try:
                    members[each.filename] = opened.read(each)
                except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError) as fault:
                    wrong.append(f"{each.filename}: it is damaged in the zip ({fault}).")
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as fault:
        raise NotReadable(f"it is no zip ({fault})") from None
    return members, wrong


def _is_packed(archive: bytes, listed: Sequence[zipfile.ZipInfo], end: int) -> bool:
    """Return whether the files, and the list of these, are all that a zip has: no bytes before,
    between or after them, which another program may unpack as files, and no links.
    """
    at = 0
    for each in sorted(listed, key=lambda each: each.header_offset):
        if each.header_offset != at or each.extra or each.comment:
            return False
        if each.external_attr >> 16 & 0o170000 not in (0, 0o100000):
            return False
        lengths = archive[at + 26 : at + 30]
        names = int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        at += 30 + names + each.compress_size
    names = sum(len(each.orig_filename.encode()) for each in listed)
    return at == end and len(archive) == end + 46 * len(listed) + names + 22


def check_members(members: Mapping[str, bytes], keys: Keys) -> Iterator[str]:
    """Yield what is wrong with the files of a zip, each thing with its place."""
    listed, wrong = _listed_files(members, keys)
    yield from wrong
    for name, each in sorted(listed.items()):
        content = members.get(name)
        if content is None:
            yield f"{name}: it is missing, and {LISTED} has it."
        elif (each.get("sha256"), each.get("size")) != (sha256(content), len(content)):
            yield f"{name}: it was altered: its SHA-256 is not that in {LISTED}."
    for name in sorted(members.keys() - listed.keys() - {LISTED, SIGNATURE}):
        yield f"{name}: it was added: {LISTED} has no such file."
    said = _read(members.get(SAID, b""))
    if said is None or said.get("form") != FORM:
        yield f"{SAID}: it cannot be read."
        return
    try:
        yield from _check_said(said, members, keys)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as fault:
        yield f"{SAID}: it has another form than a file for a court ({fault!r})."


def _listed_files(members: Mapping[str, bytes], keys: Keys) -> tuple[Json, list[str]]:
    """Return the files that the signed list names, and what is wrong with the list."""
    content, signature = members.get(LISTED, b""), members.get(SIGNATURE, b"")
    manifest, signed = _read(content), _read(signature)
    wrong: list[str] = []
    if signed is None or canonical(signed) != signature or signed.keys() != SIGNED_BY:
        wrong.append(f"{SIGNATURE}: it is missing, or it was altered.")
    elif fault := fault_of_signature(FORM, content, signed, keys.custody):
        wrong.append(f"{LISTED}, by {SIGNATURE}: {fault}.")
    if manifest is None or manifest.get("form") != FORM:
        return {}, [*wrong, f"{LISTED}: it is missing, or it was altered."]
    said = _read(members.get(SAID, b"")) or {}
    wrong += [
        f"{LISTED} and {SAID}: they have different values of `{name}`."
        for name in ("export", "part", "parts", "at")
        if manifest.get(name) != said.get(name)
    ]
    files = manifest.get("files")
    return files if isinstance(files, dict) else {}, wrong


def _read(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _check_said(said: Json, members: Mapping[str, bytes], keys: Keys) -> Iterator[str]:
    heads = {each["head"]["hour"]: each for each in said["ledger"]["heads"]}
    yield from _check_heads(said, heads, keys)
    yield from _check_leaves(said["ledger"], heads)
    yield from _check_originals(said, members)
    yield from _check_history(said)
    yield from _check_seals(said, keys)


# Originals, entries, seals ----------------------------------------------------------------------


def _check_originals(said: Json, members: Mapping[str, bytes]) -> Iterator[str]:
    evidence = {
        bytes.fromhex(leaf["data"])
        for leaf in said["ledger"]["leaves"]
        if leaf["event"] == EVIDENCE
    }
    for each in said["originals"]:
        name, checksum = each["file"] or f"medium {each['media_id']}", each["checksum"] or {}
        data = json.dumps(
            [
                each["media_id"],
                each["version"],
                checksum.get("algorithm", ""),
                checksum.get("value", ""),
            ],
            separators=(",", ":"),
        ).encode()
        if said["ledger"]["ledger_id"] and data not in evidence:
            yield f"{name}: the ledger names another original, version or checksum than {SAID}."
        content = members.get(each["file"]) if each["file"] else None
        if content is None:
            continue
        found = sha256(content)
        if found != each["sha256"]:
            yield f"{name}: its SHA-256 is not that in {SAID}."
        if each["redaction"]:
            continue  # A copy with black boxes: its original did not leave the service.
        if is_of(content, checksum) is False:
            yield f"{name}: its checksum is not the one that was recorded when it came."


def is_of(content: bytes, checksum: Json) -> bool | None:
    """Return whether a file has this checksum; None for one of another kind than is known here."""
    algorithm, value = checksum.get("algorithm"), str(checksum.get("value"))
    if checksum.get("type") != "full_object":
        return None
    if algorithm == "sha256":
        return sha256(content) == value
    if algorithm == "crc64nvme":
        return base64.b64encode(crc64nvme(content).to_bytes(8)).decode() == value
    return None


def crc64nvme(content: bytes) -> int:
    """Return what S3 computes of an upload in parts: ten seconds for 100 MB."""
    crc = ALL_ONES
    for byte in content:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ ALL_ONES


def _check_history(said: Json) -> Iterator[str]:
    """Check the chain of the entries, their order and times, and that their batches have them."""
    batches = {
        f"{hour['hour']}/{name}": {tuple(row) for row in json.loads(content)}
        for hour in said["seals"]
        for name, content in hour["batches"].items()
    }
    chain, before = "", ""
    for number, entry in enumerate(said["history"], 1):
        name = f"{SAID}, entry {number} of the history ({entry['at']}, {entry['by']})"
        row = {field: value for field, value in entry.items() if field != "chain"}
        chain = sha256(chain.encode() + b"\n" + canonical(row))
        if chain != entry["chain"]:
            yield f"{name}: it was altered, or one before it is missing or moved."
            chain = entry["chain"]
        if entry["n"] != number:
            yield f"{name}: it is not in its place: its number is {entry['n']}."
        if entry["at"][:16] < before[:16] or entry["at"] > said["at"]:
            yield f"{name}: its time is not between those of its neighbours."
        before = entry["at"]
        if entry["key"] is None:
            continue
        pk, sk = entry["key"]
        if pk != REPORT + said["report"]["id"]:
            yield f"{name}: it is of another report."
        if not sk.startswith(f"{entry['at']}#"):
            yield f"{name}: its time is not that of its key."
        sealed_in = entry["sealed_in"]
        if sealed_in and (pk, sk, entry["mac"]) not in batches.get(sealed_in, ()):
            yield f"{name}: the seal {sealed_in} has no such entry."


def _check_seals(said: Json, keys: Keys) -> Iterator[str]:
    """Check the batches by the digest of their hour, that by its signature and by the ledger."""
    known = {tuple(each["key"]) for each in said["history"] if each["key"]}
    minutes = {each["at"][:16] for each in said["history"] if not each["key"]}
    for hour in said["seals"]:
        name = f"{SAID}, the seals of {hour['hour']}"
        digest = json.loads(hour["digest"]) if hour["digest"] is not None else None
        if digest is not None:
            yield from _check_digest(name, hour["hour"], hour["digest"], digest, keys)
        for batch, content in hour["batches"].items():
            if not batch.endswith("-" + sha256(content.encode())[:32]):
                yield f"{name}: the batch {batch} was altered."
            if digest is not None and batch not in digest["batches"]:
                yield f"{name}: the signed digest has no batch {batch}."
            for pk, sk, _ in json.loads(content):
                is_shown = (pk, sk) in known or sk[:16] in minutes
                if pk == REPORT + said["report"]["id"] and not is_shown:
                    yield f"{name}: they have the entry {sk}, which the history has not."
        if hour["head"]:
            head = hour["head"]["head"]
            if fault := fault_of_signature(HEAD_FORM, canonical(head), hour["head"], keys.ledger):
                yield f"{name}: the head of the ledger: {fault}."
            if head["hour"] != hour["hour"]:
                yield f"{name}: the head of the ledger is of another hour."
            if digest is None or head["audit"] != sha256(hour["digest"].encode()):
                yield f"{name}: the head of the ledger has the hash of another digest."


def _check_digest(name: str, hour: str, content: str, digest: Json, keys: Keys) -> Iterator[str]:
    unsigned = {field: value for field, value in digest.items() if field != "signature"}
    written = json.dumps(digest, separators=(",", ":"), ensure_ascii=False)
    public = [None] if keys.ledger is None else list(keys.ledger)
    signed = json.dumps(unsigned, separators=(",", ":"), ensure_ascii=False).encode()
    if written != content or digest["hour"] != hour:
        yield f"{name}: the digest was altered."
    elif public != [None] and all(
        fault_of_signature(
            DIGEST_FORM,
            signed,
            {"key": base64.b64encode(key or b"").decode(), "signature": digest["signature"]},
            None,
        )
        for key in public
    ):
        yield f"{name}: the digest is not what was signed, or its signature was altered."


# The ledger -------------------------------------------------------------------------------------


def _check_heads(said: Json, heads: Mapping[str, Json], keys: Keys) -> Iterator[str]:
    for hour, each in heads.items():
        if fault := fault_of_signature(HEAD_FORM, canonical(each["head"]), each, keys.ledger):
            yield f"{SAID}, the ledger's head of {hour}: {fault}."
    if said["ledger"]["report_id"] != said["report"]["id"]:
        yield f"{SAID}, the ledger: its leaves are of another report."


def _check_leaves(ledger: Json, heads: Mapping[str, Json]) -> Iterator[str]:
    """Check each leaf, and its audit path up to a head."""
    ledger_id = bytes.fromhex(ledger["ledger_id"] or "")
    numbers: dict[int, int] = {}
    for each in ledger["leaves"]:
        event, n, data = each["event"], each["n"], bytes.fromhex(each["data"])
        name = f"{SAID}, the ledger's leaf {event}/{n}"
        number = bytes((event,)) + n.to_bytes(4, "big")
        leaf = hashlib.sha256(b"\x00" + ledger_id + number + data).digest()
        if leaf.hex() != each["leaf"]:
            yield f"{name}: it is not made of what it names."
        if n != numbers.get(event, 0):
            yield f"{name}: the one before it is missing."
        numbers[event] = n + 1
        if "path" not in each:
            continue  # Its hour was not closed yet.
        head = heads[each["hour"]]["head"] if each["hour"] in heads else None
        is_leaf = head and 1 << len(each["path"]) == head["size"] and each["position"] >= 0
        if not is_leaf or climbed(leaf, each["position"], each["path"]) != (head or {})["root"]:
            yield f"{name}: the signed head of {each['hour']} has no such leaf."


def climbed(leaf: bytes, position: int, path: Sequence[str]) -> str | None:
    """Return the root to which an audit path leads; None from a place that no such tree has."""
    for neighbour in path:
        other = bytes.fromhex(neighbour)
        pair = other + leaf if position & 1 else leaf + other
        leaf, position = hashlib.sha256(b"\x01" + pair).digest(), position // 2
    return leaf.hex() if position == 0 else None


def check_copy(said: Json, documents: Iterable[Json]) -> Iterator[str]:
    """Yield each head of the file that differs from a copy of the ledger that somebody kept."""
    kept = {each["head"]["hour"]: each["head"] for each in documents}
    named = [each["head"] for each in said["ledger"]["heads"]]
    named += [each["head"]["head"] for each in said["seals"] if each["head"]]
    for head in named:
        if head["hour"] in kept and kept[head["hour"]] != head:
            yield f"{SAID}: the copy of the ledger has another head of {head['hour']}."


# What is said beside ----------------------------------------------------------------------------


def matched(said: Json, given: Iterable[bytes]) -> list[str | None]:
    """Return of each file that was given beside the zip which medium it is the original of."""
    originals = [each for each in said["originals"] if each["checksum"]]
    return [
        next((each["media_id"] for each in originals if is_of(file, each["checksum"])), None)
        for file in given
    ]


def notes_of(said: Json, given: Collection[str | None]) -> Iterator[str]:
    """Yield what a reader should know although nothing is wrong. `given` are the media whose
    originals were given beside the zip.
    """
    history, leaves = said["history"], said["ledger"]["leaves"]
    # Nobody has signed a batch of an hour whose digest is not in the file.
    hours = tuple(f"{each['hour']}/" for each in said["seals"] if each["digest"] is not None)
    sealed = sum((each["sealed_in"] or "").startswith(hours) for each in history)
    proven = sum("path" in each for each in leaves)
    yield f"{sealed} of {len(history)} entries have their seal in the file."
    if sealed < len(history):
        yield f"Entries of before {said['seals_complete_by']} have it in a zip that is made later."
    yield f"{proven} of {len(leaves)} leaves are in a signed head."
    if not said["ledger"]["ledger_id"]:
        yield "The ledger has nothing of this report: only the signature says what came."
    for each in said["history"]:
        if not each["verified"]:
            yield f"Entry {each['n']} was altered before the file was made: the service says so."
    for each in said["originals"]:
        where = f"medium {each['media_id']}"
        if each["media_id"] in given:
            yield f"The original of {where} is the file that was given."
        elif each["file"] is None:
            part = f"zip {each['part']}" if each["part"] else "no zip: it is too large"
            yield f"The original of {where} is in {part}."
        if each["later_uploads"]:
            yield f"{each['later_uploads']} later uploads to the place of {where} were removed."
        if each["redaction"]:
            yield f"In place of {where} is a copy in which {each['redaction']['by']} hid parts."


def camera_signatures(
    files: Mapping[str, bytes], types: Mapping[str, str], trusted: str | None
) -> Iterator[str]:
    """Yield what cameras have signed, for each original."""
    try:
        import c2pa
    except ImportError:
        yield "Camera signatures were not read: the package c2pa-python is not installed."
        return
    # Nothing is loaded from anywhere: a picture could name any address.
    verify = {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False}
    settings: dict[str, Any] = {"verify": verify}
    if trusted:
        settings["trust"] = {"trust_anchors": trusted}
    for name, content in files.items():
        try:
            context = c2pa.Context(c2pa.Settings.from_dict(settings))
            with c2pa.Reader(types[name], io.BytesIO(content), context=context) as reader:
                said, state = json.loads(reader.json()), reader.get_validation_state()
        except c2pa.C2paError as fault:
            yield f"{name}: camera signature: {_unread(fault, c2pa.C2paError)}."
            continue
        active = said.get("manifests", {}).get(said.get("active_manifest"), {})
        signer = active.get("signature_info") or {}
        by = ", ".join(filter(None, (signer.get("common_name"), signer.get("issuer"))))
        found = {
            "Trusted": "valid, of a signer that you trust",
            "Valid": "valid, of a signer that nothing here vouches for",
        }.get(str(state), "invalid: the picture or its signature was altered")
        yield f"{name}: camera signature: {found} (by {by or 'nobody named'})."


def _unread(fault: Exception, kinds: Any) -> str:
    if isinstance(fault, kinds.ManifestNotFound):
        return "none"
    if isinstance(fault, kinds.NotSupported):
        return "not read: c2pa-python does not know files of this kind"
    if isinstance(fault, kinds.RemoteManifest) or str(fault).startswith("Remote:"):
        return "not read: it is at an address that the picture names, and nothing is loaded"
    return "invalid: it cannot be read"


# The command ------------------------------------------------------------------------------------


def keys_of(path: Path) -> list[bytes]:
    """Return the public keys (DER) of a file. Raises NotReadable."""
    end = b"-----END PUBLIC KEY-----"
    blocks = [each + end for each in path.read_bytes().split(end)[:-1]]
    if not blocks:
        raise NotReadable(f"{path} has no public key")
    return [
        serialization.load_pem_public_key(block).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        for block in blocks
    ]


def documents_of(path: Path) -> Iterator[Json]:
    """Yield the documents of a copy of the ledger: a folder, or a file with one or a list."""
    for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
        read = json.loads(file.read_text(encoding="utf-8"))
        yield from read if isinstance(read, list) else [read]


def verify(wanted: argparse.Namespace) -> int:
    archive = wanted.zip.read_bytes()
    keys = Keys(
        keys_of(wanted.key) if wanted.key else None,
        keys_of(wanted.ledger_key) if wanted.ledger_key else None,
    )
    members, wrong = read_members(archive)
    signature = wanted.signature or wanted.zip.with_name(f"{wanted.zip.name}.sig")
    is_signed = signature.is_file()
    if is_signed:
        wrong += check_zip(archive, signature.read_bytes(), keys)
    elif wanted.signature:
        raise NotReadable(f"there is no {signature}")
    wrong += check_members(members, keys)
    said = _read(members.get(SAID, b""))
    given: list[str | None] = []
    if said and not wrong:
        if wanted.ledger:
            wrong += check_copy(said, documents_of(wanted.ledger))
        given = matched(said, map(Path.read_bytes, wanted.original))
        pairs = zip(wanted.original, given, strict=True)
        wrong += [f"{path}: it is no original of the report." for path, found in pairs if not found]
    for each in wrong:
        print(each)
    if wrong or said is None:
        print(f"Not what was signed: {len(wrong)} things are wrong.")
        return 1
    trusts = keys.custody is not None and keys.ledger is not None
    print("Whole." if trusts else "Signed by somebody; give --key and --ledger-key.")
    if not is_signed:
        print("  There is no detached signature: a zip made of this one by others looks the same.")
    for each in notes_of(said, given):
        print(f"  {each}")
    types = {each["file"]: each["content_type"] or "" for each in said["originals"]}
    originals = {name: members[name] for name in types if name in members}
    trusted = wanted.camera_trust.read_text(encoding="utf-8") if wanted.camera_trust else None
    for each in camera_signatures(originals, types, trusted):
        print(f"  {each}")
    return 0 if trusts else 3


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Check a file for a court.")
    parser.add_argument("zip", type=Path, help="the zip")
    parser.add_argument("--signature", type=Path, help="its detached signature")
    parser.add_argument("--key", type=Path, help="the public keys that sign such files (PEM)")
    parser.add_argument("--ledger-key", type=Path, help="the public keys of audit and ledger (PEM)")
    parser.add_argument("--ledger", type=Path, help="a folder or a file: a copy of the ledger")
    parser.add_argument("--original", type=Path, action="append", default=[], help="one more")
    parser.add_argument("--camera-trust", type=Path, help="certificates of trusted signers (PEM)")
    wanted = parser.parse_args(arguments)
    try:
        return verify(wanted)
    except Exception as wrong:
        # Whatever it is: Python itself would exit with 1, which says that something was altered.
        print(f"Cannot be read: {wrong}.")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
