#!/bin/sh
# Rebuild into a temporary folder and compare with what is committed, byte for byte.
set -eu
cd "$(dirname "$0")"
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
node tools/build.mjs "$fresh"
for folder in verifier roadmap holder; do
  if ! diff -r "$fresh/$folder" "../src/rahdari/web/static/$folder"; then
    echo "the committed bundle $folder differs from its sources; run: npm run build" >&2
    exit 1
  fi
done
echo "the committed bundles are what these sources build"
