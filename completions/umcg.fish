# SPDX-License-Identifier: MIT
# fish completion of umcg(1)

set -l commands check load unload status ps top trace run
set -l plain "not __fish_seen_subcommand_from top trace run"
set -l trace "__fish_seen_subcommand_from trace"
set -l run "__fish_seen_subcommand_from run"
complete -c umcg -n "not __fish_seen_subcommand_from trace run" -f
complete -c umcg -n $plain -s j -l json -d 'check, status, ps: answer in JSON'
complete -c umcg -s h -l help -d 'show the usage'
complete -c umcg -n $plain -s V -l version -d 'show the version'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a check -d 'can this user use UMCG, and if not, what to do'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a load -d 'load the module'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a unload -d 'unload it, or say who holds it'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a status -d 'what is loaded, and what it offers'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a ps -d 'groups, servers, workers; why nothing runs'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a top -d 'what servers do, live'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a trace -d 'record what servers and workers do, and show it'
complete -c umcg -n "not __fish_seen_subcommand_from $commands" -a run -d 'run a program with its threads scheduled by UMCG'
complete -c umcg -n $run -s n -l servers -x -d 'so many threads run at one time'
complete -c umcg -n $run -s p -l policy -x -a 'fifo lifo prio edf random' -d 'who is next'
complete -c umcg -n $run -s P -l priority -x -d 'NAME=N or :PORT=N, of threads of that name, or that serve that port'
complete -c umcg -n $run -s s -l seed -x -d 'for random'
complete -c umcg -n $run -s t -l slice -x -d 'microseconds that a thread runs before others do, or none'
complete -c umcg -n $run -l stats -d 'say at the end what servers and threads did'
complete -c umcg -n $run -l or-plain -d 'run it as it is if it cannot be scheduled'
complete -c umcg -n $trace -s o -l output -r -d 'write the events, or a .json or .svg'
complete -c umcg -n $trace -l json -r -d 'write it for ui.perfetto.dev'
complete -c umcg -n $trace -l svg -r -d 'write a picture'
complete -c umcg -n $trace -s c -l check -d 'hold the events against the rules'
complete -c umcg -n $trace -l starved -x -d 'tell of workers not run for so many ms'
complete -c umcg -n $trace -s p -l pid -x -a '(__fish_complete_pids)' -d 'of that process'
complete -c umcg -n $trace -s d -l duration -x -d 'for so many seconds'
complete -c umcg -n $trace -s i -l input -r -d 'of a recording'
complete -c umcg -n $trace -s b -l buffer -x -d 'kB for each processor'
complete -c umcg -n "__fish_seen_subcommand_from ps" -s p -l pid -x -a '(__fish_complete_pids)' -d 'of that process'
complete -c umcg -n "__fish_seen_subcommand_from ps" -s s -l stuck -d 'only groups in which nothing runs, and why'
complete -c umcg -n "__fish_seen_subcommand_from top" -s b -l batch -x -d 'so many frames, without a screen'
complete -c umcg -n "__fish_seen_subcommand_from top" -s d -l delay -x -d 'seconds of each frame'
complete -c umcg -n "__fish_seen_subcommand_from top" -s p -l pid -x -a '(__fish_complete_pids)' -d 'of that process'
