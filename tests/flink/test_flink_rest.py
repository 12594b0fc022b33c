"""The way to Flink's REST interface: TLS, credentials, and answers that are not what was hoped for.

The server is a few lines of Python that answer what Flink answers; test_flink.py has the real one.
"""

import datetime
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipelines.config import FlinkSettings
from pipelines.runners.flink_rest import FlinkError, FlinkRest, NoAnswerError, UnknownJobError
from transforms.errors import UsageError


class _Server(http.server.ThreadingHTTPServer):
    """Answers every request with `answer`, and keeps the credentials that came."""

    answer: tuple[int, bytes] = (200, json.dumps({"flink-version": "1.20.5"}).encode())

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.credentials: list[str | None] = []


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.credentials.append(self.headers["Authorization"])
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _rest(server: _Server, scheme: str = "http", **settings: Any) -> FlinkRest:
    return FlinkRest(f"{scheme}://127.0.0.1:{server.server_port}/", FlinkSettings(**settings))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file: a certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(day - datetime.timedelta(days=1))
        .not_valid_after(day + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(signed.public_bytes(pem) + secret)
    return path


@pytest.fixture
def tls(server: _Server, certificate: Path) -> ssl.SSLContext:
    """Makes the server speak TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return context


def test_tls_with_the_named_authority(
    server: _Server, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves flink.ca_file, which no environment variable replaces."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    assert _rest(server, "https", ca_file=str(certificate)).version() == "1.20.5"


def test_tls_with_an_unknown_authority_is_refused(server: _Server, tls: ssl.SSLContext) -> None:
    with pytest.raises(FlinkError, match=r"certificate verify failed.*; name its CA with flink\.ca_file"):
        _rest(server, "https").version()


def test_tls_asks_for_our_certificate(server: _Server, tls: ssl.SSLContext, certificate: Path) -> None:
    """Proves flink.client_certificate_file."""
    tls.load_verify_locations(certificate)
    tls.verify_mode = ssl.CERT_REQUIRED
    known = {"ca_file": str(certificate)}
    assert _rest(server, "https", client_certificate_file=str(certificate), **known).version() == "1.20.5"
    with pytest.raises(FlinkError):
        _rest(server, "https", **known).version()


def test_token_is_read_before_each_request(server: _Server, tmp_path: Path) -> None:
    token = tmp_path / "token"
    rest = _rest(server, token_file=str(token))
    for word in ("first", "second"):
        token.write_text(f"{word}\n")
        rest.version()
    assert server.credentials == ["Bearer first", "Bearer second"]


def test_user_and_password(server: _Server, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("rafid:a:b\n")
    _rest(server, password_file=str(tmp_path / "secret")).version()
    assert server.credentials == ["Basic cmFmaWQ6YTpi"]


@pytest.mark.parametrize(
    ("setting", "content", "said"),
    [
        ("password_file", "no colon", "must hold one line user:password"),
        ("token_file", None, "cannot be read"),
        ("password_file", None, "cannot be read"),
    ],
)
def test_secrets_that_cannot_be_used_are_named(
    setting: str, content: str | None, said: str, server: _Server, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=rf"flink\.{setting} .*secret: {said}"):
        _rest(server, **{setting: str(path)}).version()


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_name_the_settings(status: int, server: _Server) -> None:
    server.answer = (status, b"")
    with pytest.raises(FlinkError, match=rf"{status} .*; name what lets us in with flink\.token_file"):
        _rest(server).version()


@pytest.mark.parametrize(
    ("status", "kind"), [(503, NoAnswerError), (502, NoAnswerError), (404, UnknownJobError), (500, FlinkError)]
)
def test_answers_that_may_get_better_are_told_from_others(status: int, kind: type[FlinkError], server: _Server) -> None:
    server.answer = (status, b'{"errors": ["not\\n now"]}')
    with pytest.raises(FlinkError) as caught:
        _rest(server).view("a" * 32)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"[]", b"{}", b""])
def test_what_is_not_flink_is_named(body: bytes, server: _Server) -> None:
    server.answer = (200, body)
    with pytest.raises(FlinkError, match=r"Flink's REST interface.* with flink\.master"):
        _rest(server).version()


def test_secrets_do_not_stand_in_errors(server: _Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("geheim")
    server.answer = (500, b"")
    with pytest.raises(FlinkError) as caught:
        _rest(server, token_file=str(tmp_path / "token")).version()
    assert "geheim" not in str(caught.value)
