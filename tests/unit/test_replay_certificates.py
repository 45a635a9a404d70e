"""The throw-away certificates of the stand-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509

from farm.replay.certificates import issue
from farm.replay.hosts import HOSTS

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_one_certificate_names_every_host() -> None:
    certificate = x509.load_pem_x509_certificates(issue(HOSTS, NOW).chain)[0]

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert set(names.get_values_for_type(x509.DNSName)) == HOSTS


def test_the_certificate_is_signed_by_the_authority_that_comes_with_it() -> None:
    credentials = issue(HOSTS, NOW)

    certificate, authority = x509.load_pem_x509_certificates(credentials.chain)

    certificate.verify_directly_issued_by(authority)
    assert authority == x509.load_pem_x509_certificate(credentials.authority)


def test_certificates_end_after_a_month_and_differ_at_every_start() -> None:
    first, second = (x509.load_pem_x509_certificates(issue(HOSTS, NOW).chain)[0] for _ in range(2))

    assert first.not_valid_before_utc < NOW < first.not_valid_after_utc
    assert first.not_valid_after_utc - NOW <= timedelta(days=30)
    assert first.public_key() != second.public_key()
