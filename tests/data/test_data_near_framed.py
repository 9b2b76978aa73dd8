"""What two pictures share of a frame, bars or corners says nothing; what is inside them does."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rung.data.borders import alike_inside, border
from rung.data.near_images import near_images

SIZE = 96


def drawn(seed):
    """Stripes with some dots: pictures of little contrast, which a frame drowns."""
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(100, 140, (12, 12), dtype=np.uint8)).resize((SIZE, SIZE), 2)
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, r = random.integers((10, 10, 4), (SIZE - 10, SIZE - 10, 12)).tolist()
        draw.ellipse((x - r, y - r, x + r, y + r), fill=int(random.integers(80, 160)))
    return image


def barred(image, fill):
    made = Image.new("L", image.size, fill)
    made.paste(image.resize((SIZE, SIZE // 2)), (0, SIZE // 4))
    return made


FRAMES = {
    "turned by 7 degrees": lambda image: image.rotate(7, 2),
    "black bars": lambda image: barred(image, 0),
    "white bars": lambda image: barred(image, 255),
}


def seen(images):
    return np.stack([np.asarray(image.resize((32, 32), 4)) for image in images])


@pytest.mark.parametrize("frame", FRAMES)
def test_pictures_in_one_frame_are_copies_only_where_they_agree_inside_it(frame):
    images = [FRAMES[frame](drawn(seed)) for seed in range(20)]
    copies = [images[3].transpose(2), images[5].resize((50, 50), 2)]
    label = near_images(seen([*images, *copies])).label
    assert len(set(label[:20].tolist())) == 20
    assert label[20:].tolist() == label[[3, 5]].tolist()


def test_without_a_border_or_an_inside_nothing_is_refused():
    level = np.random.default_rng(0).integers(20, 240, (32, 32)).astype(np.float32)
    barred = np.where(np.arange(32)[:, None] % 24 < 8, 0, level)
    assert not border(level).any()
    assert alike_inside(level, -level, border(level))
    assert alike_inside(level, -level, border(np.zeros((32, 32))))
    assert alike_inside(level, level, border(barred))
    assert not alike_inside(level, -level, border(barred))


def test_a_picture_so_bright_that_its_lights_are_cut_off_is_the_same_picture():
    images = [drawn(seed).point(lambda level: level + 60) for seed in range(20)]
    bright = images[4].point(lambda level: min(255, level * 1.5))
    label = near_images(seen([*images, bright])).label
    assert label[20] == label[4]
    assert len(set(label.tolist())) == 20
