"""The errors of bundles: wrong patterns before the work, files that change or fail during it."""

from transforms.errors import RunError, UsageError


class BundleError(UsageError):
    """An input that cannot be used."""


class BundleFailed(RunError):  # noqa: N818 - says what happened
    """A bundle that a run cannot take after all."""


class BundleChanged(BundleFailed):
    """A bundle that is not what it was when it was listed."""


class BundleReadError(BundleFailed):
    """A bundle that cannot be read."""
