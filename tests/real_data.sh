# SPDX-License-Identifier: MIT
# A short search on Fashion-MNIST, if it is installed (Debian: package
# dataset-fashion-mnist).
. "$SOURCE/tests/tap.sh"

images=/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
[ -f "$images" ] || skip_all "no $images"

mpi 3 "$SOURCE/input/fashion_mnist.cfg" --set run.name=real \
    --set run.trials=4 --set run.report_every=1 --set train.batch=32 \
    --set train.shards=2 --set data.train_limit=3200 \
    --set data.validation_limit=1000
is 'a search on Fashion-MNIST: exit code' "$code" 0
says '  60000 images, split as asked' \
    '^data +60000 images of 1 x 28 x 28 \(uint8\), 10 classes; 3200 train, 1000 validate$'
says '  the pixels are those of Fashion-MNIST' \
    'channel 0: mean 0\.28[0-9]{2}, std 0\.35[0-9]{2}$'
says '  the files are named with their checksums' \
    'train-images-idx3-ubyte.gz: 26421856 bytes, CRC-32 [0-9a-f]{8}$'
is '  four trials' "$(values_of real.h5 /trials/state | grep -cx done)" 4
best=$(values_of real.h5 /best/accuracy)
check "  something is learned: accuracy $best" \
    awk -v x="$best" 'BEGIN { exit !(x > 0.6) }'
is '  and the files are recorded' \
    "$(values_of real.h5 /run/data/bytes | tr '\n' ' ')" '26421856 29491 '

finish
