# SPDX-License-Identifier: MIT
# fish completion of umcg(1)

set -l commands check load unload status
complete -c umcg -f
complete -c umcg -s j -l json -d 'check, status: answer in JSON'
complete -c umcg -s h -l help -d 'show the usage'
complete -c umcg -s V -l version -d 'show the version'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a check -d 'can this user use UMCG, and if not, what to do'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a load -d 'load the module'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a unload -d 'unload it, or say who holds it'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a status -d 'what is loaded, and what it offers'
