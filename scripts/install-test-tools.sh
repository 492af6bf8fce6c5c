#!/usr/bin/env bash
# Installs the programs that tests and benchmarks run beside the gateway. As root on Debian and its relatives through
# apt; anywhere else it says what is missing and which tests will not run, and goes on.
set -u

# command  package  what needs it
tools='
curl         curl          the guide, step by step
jq           jq            the guide, step by step
openssl      openssl       certificates made by another program than ours
nginx        nginx-light   benchmarks, and reload tests beside a known proxy
wrk          wrk           benchmarks
redis-server redis-server  shared state
haproxy      haproxy       two replicas behind a load balancer
prometheus   prometheus    alert rules and dashboards
chromium     chromium      the Inspector in a browser
buildah      buildah      the container image
etcd         etcd-server   the Kubernetes provider against a real API server
'

packages=()
missing=()
while read -r command package purpose; do
  [ -n "$command" ] || continue
  command -v "$command" >/dev/null 2>&1 && continue
  [ -x "/usr/sbin/$command" ] && continue
  packages+=("$package")
  missing+=("$command (package $package): $purpose")
done <<<"$tools"

[ ${#packages[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Packages start services on installation; tests bring their own, on ports of their own.
  policy=/usr/sbin/policy-rc.d
  made_policy=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made_policy=yes
  fi
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"
  result=$?
  [ -n "$made_policy" ] && rm -f "$policy"
  [ $result -eq 0 ] && exit 0
  echo "The installation failed."
fi

{
  echo "********************************************************************************"
  echo "These programs are missing; tests that need them say so and are skipped:"
  printf '  %s\n' "${missing[@]}"
  echo "On Debian: sudo apt-get install ${packages[*]}"
  echo "********************************************************************************"
} >&2
exit 0
