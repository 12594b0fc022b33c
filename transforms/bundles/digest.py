"""The digest of a whole bundle: what `sha256sum` says of it."""

import hashlib

from transforms.bundles.errors import BundleReadError
from transforms.bundles.listing import Bundle
from transforms.bundles.stores import open_store

_CHUNK = 1 << 20


def digest_bundle(bundle: Bundle) -> str:
    """The hex SHA-256 of a bundle's bytes, read a chunk at a time.

    Raises:
        BundleReadError: the bundle cannot be read.
    """
    digest = hashlib.sha256()
    store, path = open_store(bundle.url)
    chunk = memoryview(bytearray(min(_CHUNK, bundle.size)))
    try:
        with store.open(path) as source:
            for offset in range(0, bundle.size, _CHUNK):
                digest.update(chunk[: source.read_into(chunk, offset)])
    except OSError as error:
        raise BundleReadError(f"{bundle.url}: cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()
