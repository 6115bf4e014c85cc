# SPDX-License-Identifier: MIT
# A real Slurm on virtual hosts, read in with `.` after tests/virtual_hosts.sh.
#
#   cluster_wanted       skips the test where Slurm is not installed
#   cluster_new N CPUS   nodes h1 to hN, each with so many processors
#   node_on HOST         start slurmd there
#   state JOB            as squeue has it, with the number of restarts
#   until_is SECONDS WANTED COMMAND...   wait until that is what it prints
#
# The controller runs beside the hosts; its folder is $slurm.

cluster_wanted() {
    PATH=$PATH:/usr/sbin
    command -v munged slurmctld slurmd sbatch >/dev/null || {
        echo "1..0 # SKIP needs Slurm (Debian: slurmctld slurmd slurm-client munge)"
        exit 0
    }
}

cluster_new() {
    slurm=$scratch/slurm
    mkdir "$slurm" "$slurm/state" "$slurm/spool"
    export SLURM_CONF="$slurm/slurm.conf"
    cat >"$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$(hostname)(10.0.0.254)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$slurm/munge.sock
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool/%h
TmpFS=/dev/shm
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd-%h.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd-%h.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
# Quick to see that a node is lost, and to end a job.
SlurmdTimeout=6
KillWait=5
MessageTimeout=5
TCPTimeout=1
MinJobAge=3600
MailProg=/bin/true
PropagateResourceLimits=NONE
NodeName=h[1-$1] CPUs=$2 Boards=1 SocketsPerBoard=1 CoresPerSocket=$2 ThreadsPerCore=1 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=h[1-$1] Default=YES MaxTime=INFINITE State=UP
END
    # Named, so that slurmd does not look for one.
    echo 'CgroupPlugin=cgroup/v1' >"$slurm/cgroup.conf"
    (umask 077 && head -c 128 /dev/urandom >"$slurm/munge.key")
    munged --foreground --force --key-file="$slurm/munge.key" \
        --socket="$slurm/munge.sock" --pid-file="$slurm/munged.pid" \
        --log-file="$slurm/munged.log" --seed-file="$slurm/munged.seed" \
        >"$slurm/munged.out" 2>&1 &
    until_is 10 yes munge_answers
    slurmctld -D -i >"$slurm/slurmctld.out" 2>&1 &
    for i in $(seq "$1"); do
        node_on "h$i"
    done
    until_is 30 "$1" nodes_up
}

node_on() {
    on "$1" slurmd -D >"$slurm/slurmd-$1.out" 2>&1 &
}

munge_answers() {
    munge -S "$slurm/munge.sock" -n >/dev/null 2>&1 && echo yes
}

nodes_up() {
    sinfo -h -N -t idle -o %n 2>/dev/null | sort -u | wc -l
}

until_is() {
    limit=$(($(date +%s) + $1 * SLOW))
    wanted_now=$2
    shift 2
    until [ "$("$@")" = "$wanted_now" ]; do
        [ "$(date +%s)" -lt $limit ] || return 1
        sleep 0.1
    done
}

state() {
    scontrol -o show job "$1" 2>/dev/null |
        sed -n 's/.*JobState=\([A-Z]*\).* Restarts=\([0-9]*\).*/\1 \2/p'
}
