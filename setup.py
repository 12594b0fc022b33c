"""Package metadata of Rafid: what it needs, and the command it installs."""

import re
from pathlib import Path

from setuptools import find_packages, setup

# Each pin says in a word why it is here.
RUNTIME = [
    "apache-beam==2.77.0",  # the graph and its runners; wire formats change between minors
    "fsspec>=2026.2",  # one interface to local disks and object stores
    "jinja2==3.1.6",  # the report and its charts; it escapes what texts hold
    "langdetect==1.0.9",  # language of what letters alone cannot decide
    "llvmlite>=0.50,<0.51",  # loads the kernels, for which their compiler is not needed; numba's own
    "numba==0.68.1",  # compiles the kernels, by what is internal to it; their cache is keyed by its version
    "numpy>=2.2,<2.5",  # columns; numba's upper bound
    "orjson>=3.10,<4",  # JSON lines, four times as fast as Python's own, and strict
    "prometheus-client>=0.22,<1",  # the figures of a watch, as Prometheus reads them
    "pyarrow>=24,<26",  # Parquet shards and the files between stages
    "pydantic>=2.11,<3",  # typed settings with errors that name the key
    "pyyaml>=6,<7",  # configuration files
    "rich>=14,<16",  # progress bars and tables in a terminal
    "shtab>=1.13,<2",  # completion in shells; pure Python
    "xxhash>=3.5,<4",  # digests of files that are mapped and trusted, at the speed of memory
    "zstandard>=0.23,<1",  # bundles compressed by zstd
]
EXTRAS = {
    "delta": ["deltalake>=1.6,<2"],  # the log of a Delta table
    "farasapy": ["farasapy==0.1.1"],  # the published Java segmenter's wrapper, for whoever wants the original
    "flink": ["requests>=2.32,<3"],  # Flink's REST interface
    "huggingface": ["huggingface_hub>=1.30,<2"],  # puts a corpus on the hub
    "tokens": ["tokenizers>=0.21,<1"],  # counts tokens for a report by a tokenizer.json
    "s3": ["s3fs>=2026.2"],  # object stores that speak S3
    "dev": [
        "babel>=2.17,<3",  # extracts the sentences that are translated, and compiles their catalogs
        "deltalake>=1.6,<2",
        "huggingface_hub>=1.30,<2",  # tests push to a hub on loopback
        "hypothesis>=6.130,<7",  # properties
        "ipykernel>=7,<8",  # the kernel that docs/tutorial.ipynb is run in
        "kubernetes-validate==1.37.0",  # Kubernetes' schemas, for configs/kubernetes
        "mypy==2.4.1",  # strict types
        "nbclient>=0.11,<0.12",  # runs docs/tutorial.ipynb
        "pytest>=8.4,<10",
        "pytest-timeout>=2.4,<3",  # a hanging test names itself
        "pytest-xdist>=3.8,<4",  # tests on all cores
        "requests>=2.32,<3",
        "ruff==0.17.6",  # lint and format
        "s3fs>=2026.2",  # tests/s3 run against a server
        "setuptools>=75,<82",  # builds the wheel that tests install elsewhere
        "selenium>=4.40,<4.52",  # opens the report in a browser
        "types-PyYAML>=6",
        "types-requests>=2.32",
        "tokenizers>=0.21,<1",  # tests count tokens
        "unicodedata2==18.0.0",  # the Unicode that the table of characters is made from
    ],
}

PROJECT = Path(__file__).parent


def newest_release() -> str:
    """The version of the first release in the changelog: the one place that says it."""
    found = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise SystemExit("CHANGELOG.md: names no release; begin one with a line like `## [0.2.0] - 2027-01-31`")
    return found[1]


def files_in(folder: str) -> list[str]:
    """The files of a folder of the project, relative to it."""
    return sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / folder).glob("*") if path.is_file())


setup(
    name="rafid",
    version=newest_release(),
    description="Turns piles of Arabic text into a clean, deduplicated, segmented Parquet corpus.",
    long_description=(PROJECT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.15",
    py_modules=["rafid"],
    packages=find_packages(include=["pipelines", "pipelines.*", "transforms", "transforms.*"]),
    package_data={
        "pipelines": ["py.typed", "views/templates/*", "views/locale/*/*/*.mo", "runners/worker_boot", "dags/*"],
        "transforms": ["py.typed", "**/*.txt"],
    },
    # For whoever installs the wheel; `rafid --help` says where they are.
    data_files=[(f"share/rafid/{folder}", files_in(folder)) for folder in ("configs", "configs/kubernetes")],
    install_requires=RUNTIME,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["rafid=rafid:main"]},
)
