"""Certificates for a test: an authority, and what it signs for names or addresses."""

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


def key() -> EllipticCurvePrivateKey:
    """A new private key."""
    return generate_private_key(SECP256R1())


@dataclass
class Authority:
    """Signs certificates; whoever trusts it finds it in `file`."""

    folder: Path
    own: EllipticCurvePrivateKey = field(default_factory=key)

    def __post_init__(self) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        self.file = self.folder / "authority.pem"
        basic = x509.BasicConstraints(ca=True, path_length=None)
        made = builder(self.name, self.own, self.name, DAY).add_extension(basic, critical=True)
        self.file.write_bytes(made.sign(self.own, SHA256()).public_bytes(Encoding.PEM))

    def serves(self, name: str, valid: timedelta = DAY, self_signed: bool = False) -> tuple[Path, Path]:
        """Files of a certificate for a name or an address, and of its key. valid: how long from now on."""
        own = key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = builder(subject, own, subject if self_signed else self.name, valid)
        other = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        made = made.add_extension(x509.SubjectAlternativeName([other]), critical=False)
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(made.sign(own if self_signed else self.own, SHA256()).public_bytes(Encoding.PEM))
        private.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, private

    def context(self, name: str, valid: timedelta = DAY, self_signed: bool = False) -> ssl.SSLContext:
        """What a server serves with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.serves(name, valid, self_signed))
        return context


def builder(
    subject: x509.Name, own: EllipticCurvePrivateKey, issuer: x509.Name, valid: timedelta
) -> x509.CertificateBuilder:
    """A certificate that is not signed yet."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 365 * DAY)
        .not_valid_after(now + valid)
    )
