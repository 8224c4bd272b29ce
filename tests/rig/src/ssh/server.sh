# Runs one ssh server of a system daemon's, in a mount namespace of its own within the daemon's: it
# has users whose home directories are its own, and whose shells let them in.
#
# In: RIG_SSH_DIR. Arguments: what to run.
set -eu
mkdir -p /run/sshd
mount --bind "$RIG_SSH_DIR/home" /home
mount --bind "$RIG_SSH_DIR/passwd" /etc/passwd
mount --bind "$RIG_SSH_DIR/shadow" /etc/shadow
exec "$@"
