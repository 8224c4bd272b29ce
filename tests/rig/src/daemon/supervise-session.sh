# Owns one session daemon and its directory. Standard input is a pipe whose other end the owner
# holds: when the owner closes it, or dies in whatever way, the daemon and whatever it started
# (they all have TMPDIR in the daemon's directory, which nothing else has) are killed.
#
# In: RIG_DIR. Out: "ready" and its process number.
# Ctrl-C is the owner's business, and a last word that nobody hears must not end this early.
trap '' HUP INT TERM PIPE
exec 2>&1
echo "ready $$"
cat >/dev/null
# Again and again, for a process may start another between being found and being killed.
tries=500
while [ $tries -gt 0 ]; do
    pids=$(grep -lszxF "TMPDIR=$RIG_DIR/tmp" /proc/[0-9]*/environ | tr -dc '0-9\n')
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086 # one word for each process
    kill -9 $pids 2>/dev/null
    sleep 0.01
    tries=$((tries - 1))
done
rm -rf --one-file-system -- "$RIG_DIR"
