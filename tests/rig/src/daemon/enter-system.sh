# The first process in the namespaces of one system daemon: puts the daemon's own directories in
# the place of the system's, then waits for the end of standard input. It must not just sleep:
# orphans become its children, and libvirtd waits for QEMU processes that nobody reaps.
#
# In: RIG_DIR, RIG_HOSTNAME (may be empty), RIG_ROOT (where another release is, may be empty),
# RIG_OWN_NETWORK, RIG_POLKIT (empty or not). Out: "ready PID", its process number in the owner's view.
set -eu
# /proc still is the owner's here.
read -r pid _ </proc/self/stat
mount -t proc proc /proc
if [ -n "$RIG_ROOT" ]; then
    # All programs and libraries from here on. Where libraries are, this system's cache does not know.
    mount --bind /dev/null /etc/ld.so.cache
    mount --bind "$RIG_ROOT/usr" /usr
    mount -o remount,bind,ro /usr
fi
[ -z "$RIG_HOSTNAME" ] || hostname "$RIG_HOSTNAME"
[ -z "$RIG_OWN_NETWORK" ] || ip link set lo up

replace() {
    mkdir -p "$2"
    mount --bind "$1" "$2"
}
replace "$RIG_DIR/etc" /etc/libvirt
replace "$RIG_DIR/lib" /var/lib/libvirt
replace "$RIG_DIR/cache" /var/cache/libvirt
replace "$RIG_DIR/log" /var/log/libvirt
replace "$RIG_DIR/run" /run/libvirt
# The locks of guests' terminals outlive a daemon that is killed, and name processes by the numbers
# that they have in here.
locks=$(readlink -m /var/lock)
mkdir -p "$locks"
mount -t tmpfs tmpfs "$locks"

if [ -n "$RIG_POLKIT" ]; then
    replace "$RIG_DIR/polkit/actions" /usr/share/polkit-1/actions
    replace "$RIG_DIR/polkit/rules" /etc/polkit-1/rules.d
    # What polkit, which the bus starts, takes for the system's bus.
    DBUS_SYSTEM_BUS_ADDRESS="unix:path=$RIG_DIR/polkit/bus" \
        dbus-daemon --config-file="$RIG_DIR/polkit/bus.conf" --fork --nopidfile
fi

echo "ready $pid"
exec 3<&0
cat <&3 >/dev/null &
# While it waits for one child, a shell reaps every other.
wait $!
