#!/bin/sh
# Run tests on an emulated arm64 machine, with the kernel, Python, ffmpeg and bubblewrap that Debian has for it.
#
#   make install
#   sudo apt-get install qemu-system-arm debootstrap cpio
#   sudo infra/arm64/run.sh [arguments of pytest]    # by itself: the sandbox and its filter
#
# SUITE=trixie takes another Debian than bookworm, TESTER=relay an ordinary user instead of root,
# CPU=max,sve=off,pauth-impdef=on a newer processor, FOLDER another place for the machine (6 GB; delete it to have a new one
# made). The mirror is that of this machine's apt, or MIRROR. Emulated, all of it takes twenty times as long or more.
set -eu

SUITE=${SUITE:-bookworm} TESTER=${TESTER:-root} CPU=${CPU:-neoverse-n1}
FOLDER=${FOLDER:-/var/tmp/relay-arm64-$SUITE}
# shellcheck disable=SC2016 # apt-get puts the address there
MIRROR=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$')}
HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
ROOT=$FOLDER/root
PACKAGES=python3,ffmpeg,bubblewrap,iproute2,linux-libc-dev,linux-image-arm64,busybox-static

fetch_debian() {
    debootstrap --arch=arm64 --foreign --variant=minbase --include="$PACKAGES" "$SUITE" "$ROOT" "$MIRROR"
    for package in "$ROOT"/var/cache/apt/archives/*.deb; do # unpacked, not set up: nothing here can run them
        dpkg-deb --fsys-tarfile "$package" | tar --extract --keep-directory-symlink --directory "$ROOT"
        rm "$package"
    done
    for name in blas lapack pulseaudio; do # what setting up would have linked
        echo "/usr/lib/aarch64-linux-gnu/$name"
    done > "$ROOT/etc/ld.so.conf.d/machine.conf"
    printf 'root:x:0:0::/root:/bin/sh\nrelay:x:1000:1000::/tmp:/bin/sh\n' > "$ROOT/etc/passwd"
    printf 'root:x:0:\nrelay:x:1000:\n' > "$ROOT/etc/group"
    echo '127.0.0.1 localhost' > "$ROOT/etc/hosts"
    [ ! -L "$ROOT/proc" ] || rm "$ROOT/proc" # a link to this machine's, where debootstrap could not mount
    mkdir -p "$ROOT/proc" "$ROOT/relay"
}

fetch_packages() {
    python=$(cd "$ROOT/usr/bin" && echo python3.1?)
    "$TOP/.venv/bin/uv" pip install --quiet --target "$ROOT/usr/local/lib/$python/dist-packages" \
        --python-platform aarch64-manylinux_2_28 --python-version "${python#python}" \
        --only-binary :all: --require-hashes --requirement "$TOP/requirements/dev.txt"
}

make_first_steps() { # the kernel's drivers for the disk are modules
    modules=$(echo "$ROOT"/lib/modules/*)
    depmod --basedir "$ROOT" "${modules##*/}"
    rm -rf "$FOLDER/first"
    mkdir -p "$FOLDER/first/bin" "$FOLDER/first/dev" "$FOLDER/first/proc" "$FOLDER/first/new"
    cp "$ROOT/bin/busybox" "$FOLDER/first/bin"
    cp "$HERE/init" "$FOLDER/first/init"
    for name in virtio_pci virtio_blk ext4; do
        modprobe --dirname "$ROOT" --set-version "${modules##*/}" --show-depends "$name"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
        file=${path##*/}
        case $path in *.xz) xz --decompress --stdout "$path" ;; *) cat "$path" ;; esac > "$FOLDER/first/${file%.xz}"
        echo "/${file%.xz}" >> "$FOLDER/first/modules"
    done
    (cd "$FOLDER/first" && find . | cpio --create --format=newc --quiet | gzip) > "$FOLDER/first.gz"
}

[ -e "$FOLDER/disk" ] || {
    mkdir -p "$FOLDER"
    fetch_debian
    fetch_packages
    make_first_steps
    install -D "$HERE/init" "$ROOT/init"
    mke2fs -q -t ext4 -d "$ROOT" "$FOLDER/disk.new" 8G
    mv "$FOLDER/disk.new" "$FOLDER/disk"
}

[ $# -gt 0 ] || set -- tests/security/sandbox tests/unit/media/test_seccomp.py
printf '%s\n' "$TESTER" "$*" > "$FOLDER/tester"
tar --create --file "$FOLDER/relay.tar" --directory "$TOP" pyproject.toml docs relay tests workers \
    --directory "$FOLDER" tester
qemu-system-aarch64 -machine virt -cpu "$CPU" -accel tcg -smp 2 -m 3072 -nographic -no-reboot -nic none \
    -kernel "$ROOT"/boot/vmlinuz-* -initrd "$FOLDER/first.gz" -append 'console=ttyAMA0 quiet panic=1' \
    -drive if=none,id=disk,format=raw,snapshot=on,file="$FOLDER/disk" -device virtio-blk-pci,drive=disk \
    -drive if=none,id=tests,format=raw,readonly=on,file="$FOLDER/relay.tar" -device virtio-blk-pci,drive=tests |
    tee "$FOLDER/said"
grep -q '^all passed' "$FOLDER/said"
