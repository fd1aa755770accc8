"""Makes photos with known objects: cut-out photographs of COCO classes, pasted onto photographs that hold none of them.

    python3 bench/scenes/make_scenes.py --stamps DIR --backgrounds DIR --output DIR --count 400 --seed 1

--stamps       the folder `stamps` of Debian's tuxpaint-stamps-default: PNG files with transparency
--backgrounds  a folder with .rcc files of Debian's gcompris-qt-data (their photographs are WebP files, stored as they are)
--output       gets 0000.jpg ... and instances.json, ground truth in the format of COCO
--part         `even` or `odd`: only every other cut-out and background, so that a set for calibration shares nothing with one for evaluation

The same arguments give the same files. Needs Debian's python3-opencv. Nothing of what it reads or writes is part of this repository.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

# COCO's category numbers, and the photographs among the stamps that show one whole object of the category.
CUTOUTS = {
    (3, "car"): "vehicles/auto/beetle vehicles/auto/sedan vehicles/auto/sportscar2",
    (5, "airplane"): "vehicles/flight/planes/747 military/vehicles/f22_raptor",
    (6, "bus"): "vehicles/masstransit/green_korean_bus",
    (8, "truck"): "vehicles/auto/truck vehicles/emergency/firetruck vehicles/garbagetruck",
    (9, "boat"): "vehicles/ship/chineseJunk",
    (13, "stop sign"): "town/roadsigns/stop",
    (16, "bird"): (
        "animals/birds/blackbird animals/birds/crow animals/birds/crowned_crane animals/birds/drake animals/birds/duck animals/birds/gander "
        "animals/birds/hen animals/birds/heron_greatblue animals/birds/heron_greatblue_flying animals/birds/lark animals/birds/magpie "
        "animals/birds/ostrich animals/birds/owl animals/birds/pelican animals/birds/penguin animals/birds/pigeon "
        "animals/birds/pink_flamingo animals/birds/rooster animals/birds/seagull animals/birds/silver-gull animals/birds/tucan "
        "animals/birds/turkey animals/birds/vulture animals/birds/rainbow-lorikeet"),
    (18, "dog"): "animals/mammals/dogs/dog animals/mammals/dogs/dingo",
    (19, "horse"): "animals/mammals/equines/horse",
    (20, "sheep"): "animals/mammals/bovines/sheep animals/mammals/bovines/sheep_lamb animals/mammals/bovines/ram",
    (21, "cow"): (
        "animals/mammals/bovines/cow animals/mammals/bovines/cow_white animals/mammals/bovines/bull animals/mammals/bovines/zebu"),
    (22, "elephant"): "animals/mammals/elephant",
    (23, "bear"): "animals/mammals/bears/bear animals/mammals/bears/european-bear",
    (24, "zebra"): "animals/mammals/equines/zebra",
    (25, "giraffe"): "animals/mammals/giraffe",
    (37, "sports ball"): "sports/basketball sports/soccer sports/tennis_ball",
    (43, "tennis racket"): "sports/tennis_racket",
    (47, "cup"): "household/dishes/mug",
    (52, "banana"): "food/fruit/banana",
    (53, "apple"): (
        "food/fruit/apple_red food/fruit/apple_green food/fruit/apple_granny_smith food/fruit/apple_fuji food/fruit/apple_sierra_beauty"),
    (55, "orange"): "food/fruit/orange food/fruit/mandarine food/fruit/sliced_orange",
    (56, "broccoli"): "food/vegetables/broccoli",
    (57, "carrot"): "food/vegetables/carrot",
    (70, "toilet"): "household/toilet",
    (87, "scissors"): "household/arttools/scissors_small_open household/arttools/scissors_small_closed",
    (88, "teddy bear"): "animals/mammals/bears/toys/edward_bear",
}

# Buildings, landscapes, water: hardly anything that COCO has a category for.
BACKGROUNDS = ("explore_monuments", "clickgame", "details")
SIZES = ((640, 480), (480, 640), (640, 427), (500, 375), (640, 640), (427, 640))


def read_cutouts(stamps, part):
    """(category number, BGRA pixels cropped to what can be seen), for every stamp of the part."""
    cutouts = []
    for (number, _), names in CUTOUTS.items():
        for name in take(names.split(), part, number):
            pixels = cv2.imread(str(stamps / f"{name}.png"), cv2.IMREAD_UNCHANGED)
            if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4:
                raise SystemExit(f"{stamps / name}.png: expected a PNG file with transparency")
            left, top, width, height = cv2.boundingRect((pixels[:, :, 3] > 127).astype(np.uint8))
            cutouts.append((number, pixels[top:top + height, left:left + width]))
    return cutouts


def take(names, part, number):
    """One alone belongs to the evaluation or the calibration, by its category's number."""
    if part == "all":
        return names
    offset = 0 if part == "even" else 1
    return names[(offset + number) % 2::2]


def read_backgrounds(folder, part):
    photos = []
    for name in BACKGROUNDS:
        data = (folder / f"{name}.rcc").read_bytes()
        start = data.find(b"RIFF")
        while start >= 0:
            if data[start + 8:start + 12] == b"WEBP":
                size = int.from_bytes(data[start + 4:start + 8], "little") + 8
                photo = cv2.imdecode(np.frombuffer(data[start:start + size], np.uint8), cv2.IMREAD_UNCHANGED)
                if photo is not None and photo.ndim == 3 and photo.shape[2] == 3 and min(photo.shape[:2]) >= 300:
                    photos.append(photo)
            start = data.find(b"RIFF", start + 4)
    if not photos:
        raise SystemExit(f"{folder}: expected {', '.join(BACKGROUNDS)} with WebP photographs of 300 pixels or more, found none")
    return photos if part == "all" else photos[0 if part == "even" else 1::2]


def crop(photo, size, random):
    """A random part of a photo, at least 0.7 of what fits, scaled to a size."""
    width, height = size
    fit = min(photo.shape[1] / width, photo.shape[0] / height) * random.uniform(0.7, 1)
    w, h = max(1, int(width * fit)), max(1, int(height * fit))
    x, y = random.integers(0, photo.shape[1] - w + 1), random.integers(0, photo.shape[0] - h + 1)
    part = photo[y:y + h, x:x + w]
    if random.random() < 0.5:
        part = part[:, ::-1]
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA if fit > 1 else cv2.INTER_CUBIC)


def transform(cutout, side, random):
    """A cut-out whose longer side is `side` pixels, perhaps mirrored, turned by up to 10 degrees, lighter or darker."""
    pixels = cutout[:, ::-1] if random.random() < 0.5 else cutout
    scale = side / max(pixels.shape[:2])
    size = max(8, round(pixels.shape[1] * scale)), max(8, round(pixels.shape[0] * scale))
    pixels = pixels.astype(np.float32)
    pixels[:, :, :3] *= pixels[:, :, 3:] / 255
    pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    pad = max(size) // 6 + 2
    pixels = cv2.copyMakeBorder(pixels, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    turn = cv2.getRotationMatrix2D((pixels.shape[1] / 2, pixels.shape[0] / 2), random.uniform(-10, 10), 1)
    pixels = cv2.warpAffine(pixels, turn, (pixels.shape[1], pixels.shape[0]), flags=cv2.INTER_LINEAR)
    pixels[:, :, :3] *= random.uniform(0.75, 1.15)
    left, top, width, height = cv2.boundingRect((pixels[:, :, 3] > 127).astype(np.uint8))
    return pixels[top:top + height, left:left + width]


def compose(cutouts, backgrounds, random):
    """One scene: its pixels, and (category, mask) for each object of which at least half is seen."""
    size = SIZES[random.integers(len(SIZES))]
    scene = crop(backgrounds[random.integers(len(backgrounds))], size, random).astype(np.float32)
    objects = []
    for _ in range(random.integers(2, 7)):
        # Categories first: one with many cut-outs is no more frequent than one with a single one.
        numbers = sorted({number for number, _ in cutouts})
        number = numbers[random.integers(len(numbers))]
        choice = [pixels for n, pixels in cutouts if n == number]
        side = min(size) * np.exp(random.uniform(np.log(0.07), np.log(0.75)))
        pixels = transform(choice[random.integers(len(choice))], side, random)
        height, width = pixels.shape[:2]
        if width < 6 or height < 6 or width >= size[0] or height >= size[1]:
            continue
        x, y = random.integers(0, size[0] - width), random.integers(0, size[1] - height)
        alpha = pixels[:, :, 3:] / 255
        window = scene[y:y + height, x:x + width]
        window[:] = window * (1 - alpha) + pixels[:, :, :3]
        covered = np.zeros((size[1], size[0]), bool)
        covered[y:y + height, x:x + width] = alpha[:, :, 0] > 0.5
        for other in objects:
            other[1] &= ~covered
        objects.append([number, covered, int(covered.sum())])
    scene = np.clip(scene * random.uniform(0.8, 1.15) + random.uniform(-12, 12), 0, 255)
    scene = cv2.GaussianBlur(scene, (0, 0), random.uniform(0.3, 0.9)) + random.normal(0, random.uniform(0, 4), scene.shape)
    return np.clip(scene, 0, 255).astype(np.uint8), [(number, mask) for number, mask, whole in objects if mask.sum() >= whole / 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stamps", type=Path, required=True)
    parser.add_argument("--backgrounds", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=("all", "even", "odd"), default="all")
    options = parser.parse_args()

    random = np.random.default_rng(options.seed)
    cutouts = read_cutouts(options.stamps, options.part)
    backgrounds = read_backgrounds(options.backgrounds, options.part)
    options.output.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for index in range(options.count):
        scene, objects = compose(cutouts, backgrounds, random)
        name = f"{index:04}.jpg"
        cv2.imwrite(str(options.output / name), scene, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(80, 96))])
        images.append({"id": index, "file_name": name, "width": scene.shape[1], "height": scene.shape[0]})
        for number, mask in objects:
            x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
            annotations.append({
                "id": len(annotations) + 1, "image_id": index, "category_id": number, "iscrowd": 0,
                "bbox": [x, y, width, height], "area": int(mask.sum())})
    categories = [{"id": number, "name": name} for number, name in CUTOUTS]
    truth = {"images": images, "annotations": annotations, "categories": categories}
    (options.output / "instances.json").write_text(json.dumps(truth))
    print(f"{options.count} scenes, {len(annotations)} objects of {len({a['category_id'] for a in annotations})} categories, "
          f"from {len(cutouts)} cut-outs and {len(backgrounds)} photographs")


if __name__ == "__main__":
    main()
