#!/usr/bin/env bash
# Builds kube-apiserver and kubectl from their published Go modules into a folder (default .cache/kubernetes/bin), for the
# tests that run against a real API server. Needs Go; takes several minutes once, nothing when the result is there.
#
# k8s.io/kubernetes is published with placeholder versions of its own staging modules, so each one is replaced here by the
# release that belongs to it.
set -euo pipefail

version=${KUBERNETES_VERSION:-1.34.2}
root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-$root/.cache/kubernetes/$version/bin}
work=$root/.cache/kubernetes/$version/src

if [ -x "$target/kube-apiserver" ] && [ -x "$target/kubectl" ]; then
  echo "$target"
  exit 0
fi
command -v go >/dev/null || { echo "build-kube-apiserver: Go is needed to build kube-apiserver" >&2; exit 2; }

# Several test files may want it at once: one builds, the others wait and find it.
mkdir -p "$work"
exec 9>"$work/lock"
if command -v flock >/dev/null; then flock 9; fi
[ -x "$target/kube-apiserver" ] && [ -x "$target/kubectl" ] && { echo "$target"; exit 0; }

mkdir -p "$work/apiserver" "$work/kubectl" "$target"
staging=(api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap
  code-generator component-base component-helpers controller-manager cri-api cri-client csi-translation-lib
  dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy
  kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin
  sample-controller)
{
  echo "module portcullis.test/kubernetes"
  echo
  echo "go 1.24.0"
  echo
  echo "require k8s.io/kubernetes v$version"
  echo
  echo "replace ("
  for name in "${staging[@]}"; do echo "	k8s.io/$name => k8s.io/$name v0.${version#*.}"; done
  echo ")"
} >"$work/go.mod"
cat >"$work/apiserver/main.go" <<'GO'
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
GO
cat >"$work/kubectl/main.go" <<'GO'
package main

import (
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
GO
cd "$work"
export GOFLAGS=-mod=mod CGO_ENABLED=0
go mod tidy >&2
stamp="-s -w -X k8s.io/component-base/version.gitVersion=v$version -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$version") -X k8s.io/client-go/pkg/version.gitVersion=v$version"
go build -trimpath -ldflags "$stamp" -o "$target/kubectl" ./kubectl
go build -trimpath -ldflags "$stamp" -o "$target/kube-apiserver" ./apiserver
echo "$target"
