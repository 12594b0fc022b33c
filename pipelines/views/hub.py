"""A folder of the form `huggingface` on the hub: a dataset of its own, of which each push is a commit."""

from pathlib import Path

from transforms import console
from transforms.errors import RunError, UsageError


def push(folder: Path, name: str, hub: str | None, *, private: bool) -> str:
    """Uploads an exported folder; the shards of an earlier push go in the same step. Returns the dataset's address.

    The token is the one that `hf auth login` keeps, or as huggingface_hub finds it otherwise.

    Args:
        folder: holds the card, and Parquet files in data/.
        name: of the dataset, `USER/NAME`; it is made where there is none.
        hub: the address of the hub; None for Hugging Face's own.
        private: whether a dataset that is made is private.

    Raises:
        UsageError: the package that uploads is not installed, or the name is none.
        RunError: the hub cannot be reached, or refuses it.
    """
    try:
        import httpx  # noqa: PLC0415 - an extra
        from huggingface_hub import DatasetCard, HfApi  # noqa: PLC0415
        from huggingface_hub.errors import HFValidationError  # noqa: PLC0415
        from huggingface_hub.utils import disable_progress_bars  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(f"--push: needs huggingface_hub ({error}); install rafid[huggingface]") from error
    disable_progress_bars()  # what is shown is shown by the console
    title = DatasetCard.load(folder / "README.md").data.pretty_name
    api = HfApi(endpoint=hub, library_name="rafid")
    try:
        with console.status(f"uploading to {name}"):
            made = api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
            api.upload_folder(
                repo_id=made.repo_id,
                repo_type="dataset",
                folder_path=folder,
                delete_patterns="data/*",
                commit_message=f"{title}, by Rafid",
            )
    except HFValidationError as error:
        raise UsageError(f"--push {name}: is not the name of a dataset, as USER/NAME: {error}") from error
    except (OSError, ValueError, httpx.HTTPError) as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise RunError(f"--push {name}: {reason}; see `hf auth whoami`, and push again") from error
    return str(made)
