"""Reading a `multipart/form-data` body that is in memory already. Large files do not come this way."""

import re


def parts(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields and the files, by name. What is not well formed is left out."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    if found is None:
        return fields, files
    # The piece after the last boundary begins with "--" and has no head: it falls out by itself.
    for piece in (b"\r\n" + body).split(b"\r\n--" + found[1].encode())[1:]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        name = re.search(rb'[;\s]name="?([^";\r\n]+)"?', head)
        if not gap or name is None:
            continue
        if re.search(rb"[;\s]filename\*?=", head):
            files[name[1].decode()] = content
        else:
            fields[name[1].decode()] = content.decode("utf-8", "replace")
    return fields, files
