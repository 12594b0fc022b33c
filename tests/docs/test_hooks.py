"""Pages of the site: options stay in one piece, and what is not translated reads from left to right."""

from types import SimpleNamespace
from typing import Any

import pytest

from docs.hooks import on_page_content


def page(source: str, language: str, html: str) -> str:
    config: Any = SimpleNamespace(theme={"language": language})
    return on_page_content(html, page=SimpleNamespace(file=SimpleNamespace(src_uri=source)), config=config)


@pytest.mark.parametrize(
    ("source", "language", "wrapped"),
    [("runs.md", "en", False), ("runs.md", "ar", True), ("tutorial.ar.md", "ar", False)],
)
def test_a_page_reads_as_its_language_does(source: str, language: str, wrapped: bool) -> None:
    expected = '<div lang="en" dir="ltr"><p>a</p></div>' if wrapped else "<p>a</p>"
    assert page(source, language, "<p>a</p>") == expected


def test_options_in_code_alone_are_kept_whole() -> None:
    html = '<p>--a</p><pre><code class="x--y">run <span>--new-only</span> a--b</code></pre>'
    assert page("a.md", "en", html) == (
        '<p>--a</p><pre><code class="x--y">run <span><span class="option">--new-only</span></span> a--b</code></pre>'
    )
