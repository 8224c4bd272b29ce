# Owns the namespaces of one system daemon and its directory. Standard input is a pipe whose other
# end the owner holds: when the owner closes it, or dies in whatever way, the pipe ends, and with it
# the first process of the PID namespace, and with that, by the kernel's hand, the daemon and
# whatever it started.
#
# In: RIG_DIR, RIG_OWN_NETWORK (empty or not), and what enter-system.sh takes.
# Ctrl-C is the owner's business, and a last word that nobody hears must not end this early.
trap '' HUP INT TERM PIPE
exec 2>&1
unshare --mount --propagation private --uts --pid --fork --kill-child \
    ${RIG_OWN_NETWORK:+--net} sh "$RIG_DIR/enter-system.sh"
rm -rf --one-file-system -- "$RIG_DIR"
