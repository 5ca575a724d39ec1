#!/bin/sh
# What Cargo runs in the place of rustc (.cargo/config.toml). The library of the release profile is compiled with
# src/release.profdata, which says how often each of its branches is taken: scripts/dev/profile.py writes it. With
# HOOP_PROFILE_INTO it is compiled to count them, into files of that folder. All else is compiled as Cargo asks.
case " $* " in
*" --crate-name hoopsnake "*" codegen-units=1 "* | *" --crate-name hoop "*" codegen-units=1 "*) ;;
*) exec "$@" ;;
esac
# Branches are counted, but not the targets of calls: each jump from handler to handler would be looked up in a table.
# Functions are known by names without hashes of the types that they take, so that a changed type does not lose their counts.
set -- "$@" -Cllvm-args=-disable-vp -Csymbol-mangling-version=v0
# The program is linked to lie where it says (stdlib/build.rs), so that its tables may be named by their addresses.
case "$(uname -sm) $*" in
*" --target "*) ;;
"Linux x86_64 "*" --crate-name hoop "*) set -- "$@" -Crelocation-model=static ;;
esac
if [ -n "$HOOP_PROFILE_INTO" ]; then
    exec "$@" -Cprofile-generate="$HOOP_PROFILE_INTO"
fi
# Without it, what the program costs does not change with how much the sources have moved away from the profile.
[ -z "$HOOP_WITHOUT_PROFILE" ] || exec "$@"
profile=$(dirname "$0")/../../src/release.profdata
[ -f "$profile" ] || exec "$@"
# Functions that have other names or shapes since it was written are compiled without it, and that is all.
exec "$@" -Cprofile-use="$profile" -Cllvm-args=-no-pgo-warn-mismatch
