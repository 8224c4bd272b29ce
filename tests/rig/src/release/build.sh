# Unpacks the libvirt and QEMU of another Debian suite, with all that they need, for a daemon's /usr. Installs
# nothing: apt's lists, archives and status are its own.
#
# Arguments: the suite, an empty directory to work in, the directory to fill, the packages. Everything it prints is for
# people.
set -eu
suite=$1 work=$2 finished=$3
shift 3
exec >&2

# Where this machine's release comes from, its other suites come from too.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    grep -oE '(https?|file|mirror\+file)://?[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ')
: "${mirror:=http://deb.debian.org/debian}"
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/cache"
: >"$work/status"
cat >"$work/one.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
apt() {
    apt-get -q -o Dir::Etc::SourceList="$work/one.sources" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::State::Status="$work/status" \
        -o Dir::Cache="$work/cache" -o Dir::Cache::Archives="$work/archives" \
        -o Acquire::Retries=3 -o Acquire::Languages=none -o APT::Sandbox::User=root \
        -o Debug::NoLocking=1 "$@"
}
apt update
apt install -y --no-install-recommends --download-only "$@"
# Since all of a release's programs are below /usr, nothing else of a package is of use. Packages may still name these.
mkdir -p "$finished/usr/bin" "$finished/usr/sbin" "$finished/usr/lib" "$finished/usr/lib64"
for name in bin sbin lib lib64; do
    ln -s "usr/$name" "$finished/$name"
done
for archive in "$work"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$finished" --keep-directory-symlink --no-same-owner \
        --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='./usr/share/locale' \
        --exclude='./var' --exclude='./etc'
done
# What installing would choose among alternatives.
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore ebtables; do
    tool=${name%%-*}
    ln -sf "$tool-nft${name#"$tool"}" "$finished/usr/sbin/$name"
done
ln -sf which.debianutils "$finished/usr/bin/which"
ln -sf mawk "$finished/usr/bin/awk"
ln -sf nc.openbsd "$finished/usr/bin/nc"

# Says of what it is, and that it can run at all.
chroot "$finished" /usr/sbin/libvirtd --version >"$finished/version"
cat "$finished/version"
