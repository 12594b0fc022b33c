"""The commit, fenced: a writer that has lost its lease commits nothing, however late what it sent arrives.

A look at the lock before a put is not enough, for the put may arrive after the lock was taken over. So a file that
commits something is written in three steps: it is claimed, with a text of so many bytes as no such file has; the lock
is looked at; and the claim is replaced, on condition that it is still there. Whoever takes over the lock makes all
claims void before it looks at what is committed. So a writer that has lost the lock either made its claim before that,
and cannot replace it any more, or makes it later, and sees that the lock is not its own.
"""

import secrets

from transforms.filesystems import FileTaken
from transforms.runs.lease import check_token
from transforms.storage import Folder

MANIFESTS = "manifests"
_CLAIM_BYTES = 64  # a manifest has more
_TRIES = 5  # two attempts of one worker may take each other's claim


def is_claim(size: int) -> bool:
    """True for the size of a claim: the file is still to be written."""
    return size == _CLAIM_BYTES


def create_fenced(folder: Folder, path: str, data: bytes, token: str) -> None:
    """Writes all of `data` at `path`, where nothing may be, for the holder of the output.

    Args:
        folder: the output.
        path: a file that commits something, below `MANIFESTS`.
        data: its bytes.
        token: that of the lock; empty where nobody holds it.

    Raises:
        FileTaken: there is a file, which is no claim.
        LeaseLost: somebody else holds the output.
        StorageError: the store refused it.
    """
    check_token(folder, token)
    if folder.is_local:  # a lock of the system's is not lost
        folder.create(path, data)
        return
    for left in reversed(range(_TRIES)):
        claim = _claim(folder, path)
        check_token(folder, token)
        try:
            folder.replace_if(path, data, claim)
            return
        except FileTaken:
            if not left:
                raise


def _claim(folder: Folder, path: str) -> str:
    """The version of a new claim."""
    seen = folder.version(path)
    if seen and not is_claim(folder.size(path)):
        raise FileTaken(f"{folder.at(path)}: is there already")
    return folder.replace_if(path, _new_claim(), seen)


def _new_claim() -> bytes:
    return secrets.token_hex(_CLAIM_BYTES // 2).encode()


def void_claims(folder: Folder) -> None:
    """Makes sure that nothing is committed by a claim that was made before; for the holder of the output."""
    for path, size in folder.sizes(MANIFESTS).items():
        if is_claim(size):
            _void(folder, f"{MANIFESTS}/{path}")


def _void(folder: Folder, path: str) -> None:
    seen = folder.version(path)
    if seen and is_claim(folder.size(path)):
        try:
            folder.replace_if(path, _new_claim(), seen)
        except FileTaken:  # it has just been committed: then it counts
            return
        folder.tidy(path)
