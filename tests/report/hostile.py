"""Bundles that try to break, or to run in, whatever shows them."""

from pathlib import Path

SCRIPT = "<script>document.title='taken'</script>"
IMAGE = "<img src=http://127.0.0.1:9/x onerror=\"document.title='taken'\">"
OVERRIDE = "\u202e\u2066 انقلب النص \u0007\x1b[31m"
CLOSING = (
    "</p></td></table></main></style><style>body{display:none}</style>{{ 7 * 7 }} {% raw %} &lt;b&gt; ]]> --> \" '"
)
LONG = "ط" * 5000
MARKS = "ا" + "\u0651\u0650" * 300

SENTENCE = "كان الطريق إلى الميناء طويلا وكانت السفن تنتظر الريح منذ ثلاثة أيام في هدوء تام"


def write_hostile(folder: Path) -> Path:
    """The folder, with bundles whose names, document names, texts and rejects are hostile."""
    folder.mkdir()
    pieces = (SCRIPT, IMAGE, OVERRIDE, CLOSING, LONG, MARKS)
    text = ""
    for number, piece in enumerate(pieces):
        near = f"{SENTENCE} {piece}\n{SENTENCE} {piece} {piece} رقم {number}\n"
        text += f"<<<FILE>>> {piece}\n{near}" + f"تذييل {piece}\n" * 3
        text += f"ذيل<<<FILE>>>{piece}\n"  # what looks like a delimiter is shown with the rest of its line
    (folder / "a<b>'\"&\u202ename.txt").write_text(text, encoding="utf-8")
    (folder / "not_text.txt").write_bytes(b"<script>alert(1)</script>\x00\x01\xff\xfe\x81\x8d" * 20)
    (folder / "empty.txt").write_text(f"<<<FILE>>> {SCRIPT}\n<<<FILE>>> b\nنص\n", encoding="utf-8")
    return folder
