"""Hooks of the site's builder: pages that are not translated read from left to right, and options stay in one piece."""

import re
from typing import Any

_CODE = re.compile(r"(<code\b[^>]*>)(.*?)(</code>)", re.S)
_OPTION = re.compile(r"(?<!\w)--[a-z][a-z_-]*")


def on_page_content(html: str, *, page: Any, config: Any, **_: Any) -> str:
    """The page's content, in its own language and direction."""
    whole = _CODE.sub(lambda found: found[1] + _OPTION.sub(_unbroken, found[2]) + found[3], html)
    language = config.theme["language"]
    translated = page.file.src_uri.endswith(f".{language}.md")
    return whole if translated or language == "en" else f'<div lang="en" dir="ltr">{whole}</div>'


def _unbroken(option: re.Match[str]) -> str:
    """An option that no line is broken in; browsers break after hyphens."""
    return f'<span class="option">{option[0]}</span>'
