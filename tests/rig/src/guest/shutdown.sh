#!/bin/sh
# What the guest agent calls to end the guest: `-r` asks for a reboot.
case " $* " in
*" -r "*) exec /bin/reboot -f ;;
*) exec /bin/poweroff -f ;;
esac
