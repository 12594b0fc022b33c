"""A hook of the site's builder: a page that is not translated stands in the Arabic site from left to right."""

from typing import Any


def on_page_content(html: str, *, page: Any, config: Any, **_: Any) -> str:
    """The page's content, in its own language and direction."""
    translated = page.file.src_uri.endswith(f".{config.theme['language']}.md")
    return html if translated or config.theme["language"] == "en" else f'<div lang="en" dir="ltr">{html}</div>'
