"""A certificate for https on the local network, signed by itself, made on first use."""

from __future__ import annotations

import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from riis_physical.system.files import atomic_path, make_folder

DAYS = 365
RENEW_DAYS = 14


def own_address() -> str:
    """The address of this machine on its network; 127.0.0.1 where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # chooses a route, sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def certificate(folder: Path, address: str) -> tuple[Path, Path]:
    """Certificate and key for an address, kept in `folder`; made anew where need be.

    Returns:
        paths of two PEM files; the key is readable by its owner alone.
    """
    make_folder(folder)
    public, private = folder / "certificate.pem", folder / "key.pem"
    if not (public.is_file() and private.is_file() and _serves(public, address)):
        _make(public, private, address)
    return public, private


def _serves(path: Path, address: str) -> bool:
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    known = [str(ip) for ip in names.get_values_for_type(x509.IPAddress)]
    fresh = found.not_valid_after_utc - datetime.now(UTC) > timedelta(days=RENEW_DAYS)
    return address in known and fresh


def _make(public: Path, private: Path, address: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "riis-physical on this network")])
    addresses = {ipaddress.ip_address(address), ipaddress.ip_address("127.0.0.1")}
    alternatives: list[x509.GeneralName] = [x509.DNSName("localhost")]
    alternatives += [x509.IPAddress(one) for one in sorted(addresses, key=str)]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    with atomic_path(private, force=True) as part:
        part.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    private.chmod(0o600)
    with atomic_path(public, force=True) as part:
        part.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
