#!/bin/sh
# Makes the two font files of this folder from the originals that README.md names.
# Needs npm and fontTools (pip install fonttools==4.68.0); writes beside itself.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack @expo-google-fonts/inter@0.4.2 >/dev/null
tar xzf expo-google-fonts-inter-0.4.2.tgz
unicodes=U+0020-007E,U+00A0-017F,U+0218-021B,U+0386-03CE,U+1E9E,U+2009-200A,U+2010-2015,U+2018-201E
unicodes=$unicodes,U+2020-2022,U+2026,U+202F,U+2030,U+2032-2033,U+2039-203A,U+2044,U+2070,U+2074-208E
unicodes=$unicodes,U+20AC,U+2116,U+2122,U+2126,U+2190-2199,U+2206,U+220F,U+2211-2212,U+221A,U+221E
unicodes=$unicodes,U+2248,U+2260,U+2264-2265,U+25A0-25A1,U+25B2-25B3,U+25B6,U+25BC-25BD,U+25C0,U+25C6
unicodes=$unicodes,U+25CB,U+25CF,U+2713,U+2717
for pair in 400Regular/Inter_400Regular:Inter-Regular 600SemiBold/Inter_600SemiBold:Inter-SemiBold; do
    pyftsubset "package/${pair%%:*}.ttf" --unicodes="$unicodes" \
        --layout-features=kern,tnum,locl,ccmp,mark,mkmk,case,sups,subs,zero \
        --no-hinting --drop-tables+=DSIG,STAT --name-IDs='*' --output-file="$here/${pair##*:}.ttf"
done
