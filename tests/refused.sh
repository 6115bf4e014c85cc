# SPDX-License-Identifier: MIT
# Broken input is refused; read in with `.` after tap.sh.
#
#   attempt COMMAND...         as run, and remember which files there were
#   refused NAME CODE PATTERN  a test: that ended with the code; one line that
#                              matches, and no other, says what is wrong (and of
#                              settings a second one how many errors there are);
#                              it wrote nothing
#   count_refused LEAST        a test: so many were, and all of them well

seconds=$((10 * ${SLOW:-1})) # in a build with sanitizers more
broken=0
told=0

attempt() {
    before=$(ls -A)
    run "$@"
}

# Why the last command was not refused well; nothing, if it was.
why_not() { # code, pattern
    [ "$code" = "$1" ] || echo "exit code $code, wanted $1"
    lines=$(printf '%s\n' "$out" | grep -v '^fnas: warning: ')
    printf '%s\n' "$lines" | grep -Eq -e "$2" || echo "no line matches '$2'"
    [ "$(printf '%s\n' "$lines" | grep -c '^fnas: error: ')" = 1 ] ||
        echo "not one line that begins with 'fnas: error: '"
    case $lines in
    *'fnas: error: 1 error in the input') most=2 ;;
    *) most=1 ;;
    esac
    [ "$(printf '%s\n' "$lines" | wc -l)" = "$most" ] ||
        echo 'more is said than what is wrong'
    [ "$(ls -A)" = "$before" ] || echo 'files were written or removed'
}

refused() {
    broken=$((broken + 1))
    why=$(why_not "$2" "$3")
    [ -z "$why" ]
    if verdict $? "$1"; then
        told=$((told + 1))
    else
        remark "$why"
    fi
}

count_refused() {
    command=
    code=
    out="$broken broken inputs: $told clear errors"
    echo "# $out"
    [ "$broken" -ge "$1" ] && [ "$told" = "$broken" ]
    verdict $? "$out"
}
