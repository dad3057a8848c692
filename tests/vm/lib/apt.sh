# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # names from other files here
#
# A private apt: its own lists, cache and sources, one root per Debian release,
# inside our cache. The machine's package state is neither used nor touched;
# from the machine come only the addresses of its Debian mirror and its proxy
# settings. Everything fetched is checked against Debian's archive key.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# debian_mirror main|security: the address this machine uses for it.
#
# Machines list foreign repositories as well. With the lists downloaded, Origin
# and Label tell which is Debian's; on a fresh machine they are still empty and
# the shape of the line must do. A wrong guess is harmless: its signature fails.
debian_mirror() {
	local want=$1
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format \
		'$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(LABEL)' \
		'Created-By: Packages' |
	awk -F'|' -v want="$want" '
		$3 != "main" || $1 ~ /^cdrom:/	{ next }
		$4 == "Debian" && $5 == (want == "main" ? "Debian" : "Debian-Security") {
			print $1; found = 1; exit
		}
		$4 == "" && guess == "" &&
		    (want == "main" ? $2 ~ /^[a-z]+(-updates)?$/ : $2 ~ /(-|\/)security$|\/updates$/) {
			guess = $1
		}
		END { if (!found && guess != "") print guess }'
}

# apt_sources SUITE: the sources list of one release.
apt_sources() {
	local suite=$1 opts="[arch=amd64 signed-by=$keyring]" main security
	main=$(debian_mirror main)
	security=$(debian_mirror security)
	[ -n "$main" ] || die "$EX_SETUP" "no Debian mirror in this machine's apt sources." \
		"Add one ('apt-get indextargets' must list a Debian 'main')."
	printf 'deb %s %s %s main\n' \
		"$opts" "$main" "$suite" \
		"$opts" "$main" "$suite-updates" \
		"$opts" "$main" "$suite-backports"
	[ -z "$security" ] ||
		printf 'deb %s %s %s-security main\n' "$opts" "$security" "$suite"
}

# apt_root SUITE: its directory. The configuration is read after the machine's
# own (that is where proxies come from) and takes back what must not leak in:
# its preferences, its default release, its hooks.
apt_root() {
	local root=$cache/apt/$1
	if [ ! -e "$root/apt.conf" ]; then
		need apt-get apt-cache dpkg-deb
		[ -e "$keyring" ] || die "$EX_SETUP" "$keyring is missing:" \
			"install debian-archive-keyring, or run $vm_dir/prepare."
		mkdir -p "$root"/{lists/partial,archives/partial}
		: >"$root/status"
		apt_sources "$1" >"$root/sources.list.new" || exit
		mv "$root/sources.list.new" "$root/sources.list"
		cat >"$root/apt.conf.new" <<-EOF
			#clear APT::Update::Post-Invoke;
			#clear APT::Update::Post-Invoke-Success;
			#clear APT::Update::Pre-Invoke;
			#clear DPkg::Post-Invoke;
			#clear DPkg::Pre-Install-Pkgs;
			#clear APT::Default-Release;
			Dir::State "$root";
			Dir::State::lists "$root/lists";
			Dir::State::status "$root/status";
			Dir::State::extended_states "$root/extended_states";
			Dir::Cache "$root";
			Dir::Cache::archives "$root/archives";
			Dir::Cache::pkgcache "$root/pkgcache.bin";
			Dir::Cache::srcpkgcache "";
			Dir::Etc::sourcelist "$root/sources.list";
			Dir::Etc::sourceparts "/dev/null";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "/dev/null";
			Acquire::Languages "none";
			Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
			Acquire::Retries "3";
			APT::Architecture "amd64";
			APT::Architectures "amd64";
			APT::Install-Recommends "false";
			APT::Sandbox::User "$(id -un)";
			APT::Get::List-Cleanup "true";
		EOF
		mv "$root/apt.conf.new" "$root/apt.conf"
	fi
	printf '%s\n' "$root"
}

# apt_in SUITE PROGRAM ARG...: apt-get or apt-cache inside the private root.
apt_in() {
	local root suite=$1 program=$2
	shift 2
	root=$(apt_root "$suite") || exit
	"$program" -c "$root/apt.conf" "$@"
}

# apt_update SUITE: fetch the package lists, unless it was done within the hour.
apt_update() {
	local root
	root=$(apt_root "$1") || exit
	[ -z "$(find "$root/updated" -mmin -60 2>/dev/null)" ] || return 0
	say "fetching Debian's package lists for $1 (about 10 MB)"
	apt_in "$1" apt-get -qq update >&2 ||
		die "$EX_SETUP" "apt could not fetch the lists of $1: see its message above"
	touch "$root/updated"
}
