#!/bin/sh
# After a file was written: if it is a strategy, tests it for look-ahead. Exit 2 reports the line on standard error to
# the model. Anything else, and a workspace without Twokey, ends with 0 at once.
event=$(cat)
case $event in
*'/strategies/'*'.py"'*) ;;
*) exit 0 ;;
esac
printf '%s' "$event" | sh "$(dirname "$0")/run-module.sh" scripts.written_strategy
[ $? -eq 2 ] && exit 2
exit 0
