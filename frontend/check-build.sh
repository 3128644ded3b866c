#!/bin/sh
# Rebuild into a temporary folder and compare with what is committed, byte for byte.
set -eu
cd "$(dirname "$0")"
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
node tools/build.mjs "$fresh/verifier"
if diff -r "$fresh/verifier" ../src/rahdari/web/static/verifier; then
  echo "the committed bundle is what these sources build"
else
  echo "the committed bundle differs from its sources; run: npm run build" >&2
  exit 1
fi
