"""A picture with a palette looks like the one before, as the browser itself sees them."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.browser.palette import with_palette

pytestmark = pytest.mark.browser
WIDTH, HEIGHT = 150, 100
PAGE = """<body style="font: 20px serif; color: #0b5d6b; background: linear-gradient(#fff, #def)">
    <p style="border: 3px solid #b42318; border-radius: 9px">Rosa Delgado, 8:30 AM</p>
    <p>Reminders are going out; no answer yet, 22 h left.</p>"""
PIXELS = """async encoded => {
    const picture = new Image();
    picture.src = 'data:image/png;base64,' + encoded;
    await picture.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.width, picture.height];
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    return [...context.getImageData(0, 0, picture.width, picture.height).data];
}"""


def test_a_picture_becomes_smaller_and_looks_the_same(browser: Any, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.set_content(PAGE)
    file = tmp_path / "page.png"
    before = page.screenshot(path=file)
    with_palette(file)
    after = file.read_bytes()
    was, is_now = (page.evaluate(PIXELS, base64.b64encode(one).decode()) for one in (before, after))
    assert len(was) == len(is_now) == WIDTH * HEIGHT * 4
    assert max(abs(one - other) for one, other in zip(was, is_now, strict=True)) < 16
    assert len(after) < len(before)
