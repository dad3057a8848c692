# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# bash completion of umcg(1)

_umcg_options() {
	case $1 in
	load | unload) echo --help --version ;;
	ps) echo --json --pid --stuck --help ;;
	top) echo --batch --delay --pid --help ;;
	trace) echo --output --json --svg --check --starved --pid --duration --input --buffer --help ;;
	run) echo --servers --policy --priority --seed --slice --stats --or-plain --help ;;
	*) echo --json --help --version ;;
	esac
}

# Processes that have a name, and names of files, are left to readline.
_umcg() {
	local word command='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[[ $word == -* || -n $command ]] || command=$word
	done
	word=${COMP_WORDS[COMP_CWORD]}
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_umcg_options "$command")" -- "$word")
	elif [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W 'check load unload status ps top trace run' -- "$word")
	fi
}
complete -o default -F _umcg umcg
