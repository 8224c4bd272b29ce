# Builds libvirt's daemons for one driver each, which Debian's package of libvirt leaves out, from
# the very source of the installed package. All that they need of libvirt is in the installed
# libraries and drivers: so only the programs themselves are compiled, not the library.
#
# Arguments: the version of the source, an empty directory to work in, the directory to fill, the
# daemons' names. Everything it prints is for people.
set -eu
version=$1 work=$2 finished=$3
shift 3
exec >&2
cd "$work"

# Few machines have sources among what apt knows; but where their packages are, sources are.
mkdir -p apt/parts apt/lists/partial
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -e "$list" ] || sed -n 's/^deb[[:space:]]/deb-src /p' "$list" >>apt/parts/rig.list
done
for list in /etc/apt/sources.list.d/*.sources; do
    [ ! -e "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" >"apt/parts/${list##*/}"
done
apt() {
    apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/apt/parts" \
        -o Dir::State::Lists="$work/apt/lists" -o APT::Sandbox::User=root "$@"
}
# Other people's package sources may be out of reach.
apt update || echo "apt-get update reported errors"
mkdir source
(cd source && apt source "libvirt=$version")
set -- source/libvirt-*/ "$@"
source=$1
shift

# The system's own Python, whatever else may be in the caller's PATH.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
meson setup build "$source" --prefix=/usr --sysconfdir=/etc --localstatedir=/var \
    -Drunstatedir=/run --auto-features=disabled -Dnls=disabled -Ddocs=disabled -Dtests=disabled \
    -Dinit_script=none -Dyajl=enabled -Ddriver_remote=enabled -Ddriver_libvirtd=enabled \
    -Ddriver_qemu=enabled -Ddriver_network=enabled -Ddriver_secrets=enabled -Dstorage_dir=enabled
cd build
ninja -t targets all >targets
headers=$(sed -n 's/^\([^:]*\.[ch]\): CUSTOM_COMMAND$/\1/p' targets)
# shellcheck disable=SC2086 # several words
ninja $headers
libraries=$(dirname "$(ldconfig -p | awk '/libvirt\.so\.0 / { print $NF; exit }')")
for daemon; do
    objects=$(sed -n "s/^\(src\/$daemon\.p\/[^:]*\.o\): .*/\1/p" targets)
    # shellcheck disable=SC2086
    ninja $objects src/admin/libvirt_admin_driver.a
    # shellcheck disable=SC2046,SC2086
    cc -s -o "$finished/$daemon" $objects -Wl,--as-needed -Wl,-z,defs -Wl,--export-dynamic \
        src/admin/libvirt_admin_driver.a "$libraries/libvirt.so.0" "$libraries/libvirt-lxc.so.0" \
        "$libraries/libvirt-qemu.so.0" $(pkg-config --libs gnutls gio-2.0 libxml-2.0 libtirpc)
done
