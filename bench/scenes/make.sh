#!/usr/bin/env bash
# Makes the scenes that bench/results speaks of, from two Debian packages, in the folder that is named:
#   bench/scenes/make.sh DIR
# DIR gets `packages`, and `calibration-even`, `calibration-odd` (100 scenes each), `scenes-even`, `scenes-odd` (1,000 each). Even and odd
# have no cut-out and no background in common. Needs apt-get, dpkg-deb and python3-opencv; installs nothing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mkdir -p "${1:?expected a folder}" && cd "$1" && pwd)

python3=python3
"$python3" -c 'import cv2' 2>/dev/null || python3=/usr/bin/python3
"$python3" -c 'import cv2' || { echo "error: python3-opencv is needed: apt-get install python3-opencv" >&2; exit 1; }

mkdir -p "$folder/packages"
for package in tuxpaint-stamps-default gcompris-qt-data; do
  if [ ! -d "$folder/packages/$package" ]; then
    (cd "$folder/packages" && apt-get download "$package" && dpkg-deb -x "$package"_*.deb "$package.part" && mv "$package.part" "$package")
  fi
done

make() {
  "$python3" "$here/make_scenes.py" \
    --stamps "$folder/packages/tuxpaint-stamps-default/usr/share/tuxpaint/stamps" \
    --backgrounds "$folder/packages/gcompris-qt-data/usr/share/gcompris-qt/rcc" \
    --output "$folder/$1" --part "$2" --count "$3" --seed "$4"
}

for part in even odd; do
  make "calibration-$part" "$part" 100 1
  make "scenes-$part" "$part" 1000 2
done
