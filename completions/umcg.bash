# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# bash completion of umcg(1)

_umcg() {
	local word command='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[[ $word == -* ]] || command=$word
	done
	word=${COMP_WORDS[COMP_CWORD]}
	if [[ $word == -* ]]; then
		case $command in
		load | unload) mapfile -t COMPREPLY < <(compgen -W '--help --version' -- "$word") ;;
		*) mapfile -t COMPREPLY < <(compgen -W '--json --help --version' -- "$word") ;;
		esac
	elif [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W 'check load unload status' -- "$word")
	fi
}
complete -F _umcg umcg
