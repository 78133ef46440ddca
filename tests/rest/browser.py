"""Debian's Chromium, driven by PyPI's playwright: a page of a wowd as a person sees it."""
import contextlib
import pathlib
import shutil
import sys

import pytest

import outside

CHROMIUM = shutil.which("chromium")


@contextlib.contextmanager
def browser():
    """A headless one."""
    if not CHROMIUM:
        pytest.skip("no chromium: tools/install installs it")
    place = outside.python("playwright", "1.65.2")
    library, = pathlib.Path(place).glob("lib/python3*/site-packages")
    sys.path.insert(0, str(library))
    try:
        from playwright.sync_api import sync_playwright
    finally:
        sys.path.remove(str(library))
    with sync_playwright() as driver:
        # As root Chromium has no sandbox of its own; the page is ours.
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()
