# SPDX-License-Identifier: MIT
# Several hosts on one machine, read in with `.` before tests/tap.sh.
#
#   own_world SECONDS    run this test in a world of its own: processes, mounts
#                        and network of it end with it, or after so many seconds
#                        ($SLOW times as many)
#   hosts_new N          hosts h1 to hN, switched on, on one network
#   on HOST COMMAND...   run a command on a host; where a program is wanted instead
#                        of a function: "$lan/on"
#   power_off HOST       all that runs there is gone
#   power_on HOST
#   unplug HOST          its network cable; nobody is told
#   plug HOST
#   mpi_over_hosts SLOTS let mpirun, on a host, start so many ranks on each
#
# A host is a set of Linux namespaces: its own name, network card and shared
# memory.  Files are those of the machine, as on a cluster.  The network is one
# that only this test sees.

own_all="unshare --net --mount --pid --fork --kill-child --mount-proc"

own_world() {
    [ -z "${OWN_WORLD:-}" ] || return 0
    if ! command -v ip nsenter >/dev/null ||
        ! $own_all ip link add lan type bridge 2>/dev/null; then
        echo "1..0 # SKIP needs root, iproute2, and Linux with namespaces"
        exit 0
    fi
    export OWN_WORLD=1
    exec timeout -k 5 $(($1 * SLOW)) $own_all sh "$0"
}

hosts_new() {
    lan=$scratch/lan
    mkdir "$lan"
    ip link set lo up
    ip link add lan address 02:00:00:00:00:fe type bridge
    ip addr add 10.0.0.254/24 dev lan
    ip link set lan up
    {
        echo "127.0.0.1 localhost"
        echo "10.0.0.254 $(hostname)"
        for i in $(seq "$1"); do
            echo "10.0.0.$i h$i"
        done
    } >"$lan/hosts"
    mount --bind "$lan/hosts" /etc/hosts
    cat >"$lan/on" <<END
#!/bin/sh
host=\$(cat "$lan/\$1.pid")
shift
export HERE="\$PWD"
exec nsenter -t "\$host" --net --uts --mount -- \\
    sh -c 'cd "\$HERE" && exec "\$@"' sh "\$@"
END
    chmod +x "$lan/on"
    for i in $(seq "$1"); do
        power_on "h$i"
    done
}

# The process whose namespaces are the host's.
host_pid() {
    cat "$lan/$1.pid"
}

power_on() {
    rm -f "$lan/$1.up"
    unshare --net --uts --mount sh -c 'hostname "$1"
        mount -t tmpfs tmpfs /dev/shm; touch "$2"; exec sleep 86400' \
        sh "$1" "$lan/$1.up" &
    echo $! >"$lan/$1.pid"
    until [ -e "$lan/$1.up" ]; do
        sleep 0.02
    done
    ip link add "$1" type veth peer name eth0 netns $!
    ip link set "$1" master lan
    on "$1" ip link set lo up
    on "$1" ip link set eth0 up
    plug "$1"
    on "$1" ip addr add "10.0.0.${1#h}/24" dev eth0
}

on() {
    "$lan/on" "$@"
}

power_off() {
    unplug "$1"
    card=$(readlink "/proc/$(host_pid "$1")/ns/net")
    for pass in 1 2 3; do # some may be starting others
        for process in /proc/[0-9]*; do
            [ "$(readlink "$process/ns/net")" != "$card" ] ||
                kill -KILL "${process#/proc/}"
        done 2>/dev/null
    done
    wait "$(host_pid "$1")" 2>/dev/null
    ip link del "$1" 2>/dev/null
}

unplug() {
    ip link set "$1" down
}

plug() {
    ip link set "$1" up
    until bridge link show dev "$1" | grep -q 'state forwarding'; do
        sleep 0.02
    done
}

mpi_over_hosts() {
    sed -n "s/.* \(h[0-9]*\)$/\1 slots=$1/p" "$lan/hosts" >"$lan/hostfile"
    export OMPI_MCA_orte_default_hostfile="$lan/hostfile"
    cat >"$lan/rsh" <<END
#!/bin/sh
host=\$1
shift
$lan/on "\$host" sh -c "\$*"
code=\$?
[ \$code -ne 137 ] || sleep 60 # as one whose other side fell silent
exit \$code
END
    chmod +x "$lan/rsh"
    export OMPI_MCA_plm_rsh_agent="$lan/rsh"
}

# Where each host keeps what is its own.
export OMPI_MCA_orte_tmpdir_base=/dev/shm
