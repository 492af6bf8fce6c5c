#!/usr/bin/env bash
# Builds the container image with buildah: no daemon, nothing outside of one folder is touched.
#
#   scripts/build-image.sh [--stand-in] [--storage FOLDER] [NAME]
#
#   --stand-in        where no container registry can be reached: the two base images are made of this machine's
#                     Node.js, npm and C library. Good for tests; publish images built on the real bases.
#   --storage FOLDER  where images are kept (default: .cache/image)
#   NAME              of the image (default: portcullis)
#
# BUILD_IMAGE and RUNTIME_IMAGE replace the base images that the Dockerfile names.
# Needs root, and from Debian: apt-get install buildah
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
storage=$root/.cache/image
name=portcullis
stand_in=
while [ $# -gt 0 ]; do
  case $1 in
    --stand-in) stand_in=yes ;;
    --storage) storage=${2:?--storage needs a folder} && shift ;;
    -*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2 && exit 2 ;;
    *) name=$1 ;;
  esac
  shift
done

mkdir -p "$storage"
storage=$(cd "$storage" && pwd)
engine=(buildah --root "$storage/root" --runroot "$storage/run" --storage-driver vfs)
# Formats other than Docker's have no health check.
build=("${engine[@]}" build --isolation chroot --format docker --tag "$name")

# Copies programs to the same place below a folder, with the shared libraries they load and what name lookups load later.
copy_programs() { # folder program...
  local target=$1 file
  shift
  {
    printf '%s\n' "$@"
    for file in "$@"; do ldd "$file" 2>/dev/null || true; done | grep -o '/[^ ]*' || true
    ldconfig -p | grep -oE '/[^ ]*/libnss_(dns|files)\.so\.2$' || true
  } | sort -u | while read -r file; do
    mkdir -p "$target$(dirname "$file")"
    cp -L "$file" "$target$file"
  done
}

# What both bases have: Node.js as the distroless image has it, certificate authorities, users, a folder for all.
lay_foundation() { # folder
  local target=$1 node
  node=$(readlink -f "$root/node_modules/node/bin/node")
  [ -x "$node" ] || node=$(readlink -f "$(command -v node)")
  copy_programs "$target" "$node"
  mkdir -p "$target/nodejs/bin" "$target/etc/ssl/certs" "$target/home/nonroot" "$target/proc" "$target/dev" "$target/sys"
  mv "$target$node" "$target/nodejs/bin/node"
  [ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$target/etc/ssl/certs/"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$target/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' >"$target/etc/group"
  printf 'hosts: files dns\n' >"$target/etc/nsswitch.conf"
  chown 65532:65532 "$target/home/nonroot"
  mkdir -p "$target/tmp" && chmod 1777 "$target/tmp"
}

make_base() { # name function
  local container
  container=$("${engine[@]}" from scratch)
  "$2" "$("${engine[@]}" mount "$container")" "$container"
  "${engine[@]}" commit --quiet --rm "$container" "localhost/$1" >/dev/null
}

runtime_base() { # folder container
  lay_foundation "$1"
}

build_base() { # folder container
  local target=$1 container=$2 npm program
  npm=$(cd "$(dirname "$(readlink -f "$(command -v npm)")")/.." && pwd)
  if [ ! -d "$npm/node_modules" ]; then
    echo "npm in $npm is not complete in itself: install npm with \"npm install -g npm\", or name a BUILD_IMAGE." >&2
    return 1
  fi
  lay_foundation "$target"
  for program in sh env rm mkdir ls cat cp; do
    copy_programs "$target" "$(readlink -f "$(command -v $program)")"
    mkdir -p "$target/bin"
    [ -e "$target/bin/$program" ] || ln -s "$(readlink -f "$(command -v $program)")" "$target/bin/$program"
  done
  mkdir -p "$target/usr/bin" "$target/usr/lib/node_modules" "$target/root"
  [ -e "$target/usr/bin/env" ] || ln -s /bin/env "$target/usr/bin/env"
  cp -a "$npm" "$target/usr/lib/node_modules/npm"
  ln -s /usr/lib/node_modules/npm/bin/npm-cli.js "$target/bin/npm"
  "${engine[@]}" config \
    --env PATH=/nodejs/bin:/usr/bin:/bin \
    --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    --env npm_config_prefer_offline=true \
    --env npm_config_update_notifier=false \
    "$container"
}

if [ -n "$stand_in" ]; then
  make_base stand-in-build build_base
  make_base stand-in-runtime runtime_base
  BUILD_IMAGE=localhost/stand-in-build
  RUNTIME_IMAGE=localhost/stand-in-runtime
  build+=(--pull-never)
  # What npm has downloaded before need not come over the network again.
  cache=$(npm config get cache 2>/dev/null || true)
  [ ! -d "$cache" ] || build+=(--volume "$cache:/root/.npm")
fi
[ -z "${BUILD_IMAGE:-}" ] || build+=(--build-arg "BUILD_IMAGE=$BUILD_IMAGE")
[ -z "${RUNTIME_IMAGE:-}" ] || build+=(--build-arg "RUNTIME_IMAGE=$RUNTIME_IMAGE")
"${build[@]}" "$root"
