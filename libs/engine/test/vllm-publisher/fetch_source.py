"""Fetches one file of a wheel by HTTP ranges, a few hundred kilobytes instead of the whole wheel.

Usage: fetch_source.py <url of the wheel> <path in the wheel> <sha256 of the file> <where to put it>
"""

import hashlib
import io
import os
import sys
import urllib.request
import zipfile

TIMEOUT_S = 60


class RemoteFile(io.RawIOBase):
    """A file behind a URL, read by ranges."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._position = 0
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            self._size = int(answer.headers["content-length"])

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        if end <= self._position:
            return b""
        headers = {"Range": f"bytes={self._position}-{end - 1}"}
        request = urllib.request.Request(self._url, headers=headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            if answer.status != 206:
                raise SystemExit(f"{self._url} answers a range with {answer.status}, not 206")
            content = answer.read()
        self._position += len(content)
        return content


def main(url: str, name: str, digest: str, target: str) -> None:
    with zipfile.ZipFile(RemoteFile(url)) as wheel:
        content = wheel.read(name)
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise SystemExit(f"{name} of {url} has the sha256 {found}, not the pinned {digest}")
    temporary = f"{target}.{os.getpid()}"
    with open(temporary, "wb") as file:
        file.write(content)
    os.replace(temporary, target)


main(*sys.argv[1:])
