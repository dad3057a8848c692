# SPDX-License-Identifier: GPL-2.0-only
#
# Everything is built into build/. Adding a file needs no edit here:
#
#	lib/*.c				build/lib/libumcg.{a,so,so.0}
#	sync/*.c			build/lib/libumcg-sync.{a,so,so.0}
#	runtime/*.c			build/lib/libumcg-runtime.{a,so,so.0}
#	preload/*.c			build/lib/umcg/libumcg-run.so, of umcg run
#	trace/*.c			what the command and the tests share
#	tests/suites/NAME.c		build/tests/NAME, with tests/support/*.c
#					and tests/NAME/*.c
#	tests/unit/NAME.c		build/tests/unit/NAME
#	man/NAME.3			build/man/NAME, of its example
#	examples/NAME.c, NAME/*.c	build/examples/NAME
#	bench/NAME.c, NAME/*.c		build/bench/NAME
#	tools/NAME.c, NAME/*.c		build/tools/NAME
#
# A program that needs more flags to link says so in a line of its source:
#
#	/* libs: -luring */
#
## make			build the library, the tests and the examples
## make module		build umcg.ko for the running kernel
## make install		install library, command, manual, udev rule (prefix=/usr/local, DESTDIR=)
## make uninstall	remove it
## make install-dkms	put the module's sources where dkms looks for them
## make deb		build Debian packages into build/deb
## make demo		boot a stock kernel and show a server doing its work
## make check		all tests on all kernels; KERNEL="6.12 latest": on these
## make check-debug	the suites on kernels with KASAN, lockdep, KCSAN
## make check-programs	real programs under umcg run; PROGRAM="xz redis", KERNEL=
## make check-packages	the Debian packages on fresh machines; RELEASE=trixie, MINUTES=20
## make check-long	storms, races and the fuzzer for an hour of each kernel; MINUTES=, KERNEL=
## make fuzz		the fuzzer, until it is stopped; MINUTES=, SEED=, KERNEL=
## make model		check the model of the module, every state of every scenario
## make mutations	break the module in ways that the tests must notice
## make bench		count instructions on all kernels; KERNEL=6.12: on that one
## make bench-compare	set two results side by side: A=1.json B=2.json
## make bench-record	what make check allows a switch to cost, anew; KERNEL=6.12
## make lint		checkpatch, sparse, clang-format, shellcheck
## make clean		remove what was built
## make version		say which version this is
#
# The usual variables are honoured: CC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS, AR,
# PKG_CONFIG, prefix, libdir, bindir and their like, DESTDIR; BUILD names another build/;
# WERROR=-Werror, as `make check` has it; V=1 shows the commands.

VERSION	:= $(shell sed -n 's/.*UMCG_VERSION[[:space:]]*"\(.*\)"/\1/p' include/umcg_version.h)

prefix		?= /usr/local
libdir		?= $(prefix)/lib
includedir	?= $(prefix)/include
pkgconfigdir	?= $(libdir)/pkgconfig
bindir		?= $(prefix)/bin
mandir		?= $(prefix)/share/man
bashdir		?= $(prefix)/share/bash-completion/completions
zshdir		?= $(prefix)/share/zsh/site-functions
fishdir		?= $(prefix)/share/fish/vendor_completions.d
udevdir		?= $(prefix)/lib/udev/rules.d
modulesloaddir	?= $(prefix)/lib/modules-load.d
scriptdir	?= $(prefix)/share/umcg

BUILD		?= build
OBJ		:= $(BUILD)/obj
PKG_CONFIG	?= pkg-config
CFLAGS		?= -O2 -g
WERROR		?=
warnings	:= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
flags		= -std=gnu11 $(warnings) -Iinclude -Ilib -Isync -Iruntime -Itrace $(CPPFLAGS) $(CFLAGS) -pthread
compile		= $(CC) $(flags) $(WERROR) -MMD -MP
Q		:= $(if $(V),,@)
comma		:= ,
silent		:= $(findstring s,$(firstword -$(MAKEFLAGS)))
say		= $(if $(V)$(silent),:,printf '  %-7s %s\n')

# libcheck comes as an archive; with libsubunit as one too, a suite needs nothing
# in the guest but libc.
have_check	:= $(shell $(PKG_CONFIG) --exists check 2>/dev/null && echo yes)
check_libs	= $(patsubst -lsubunit,-l:libsubunit.a,$(shell $(PKG_CONFIG) --libs check))

have_kmod	:= $(shell $(PKG_CONFIG) --exists libkmod 2>/dev/null && echo yes)

all: lib examples-programs bench-programs $(if $(have_kmod),tools,no-tools) $(if $(have_check),tests,no-tests)
examples: examples-programs
tools: tools-programs
.PHONY: all lib tests examples tools no-tools no-tests
no-tools:
	@echo "libkmod is not installed (package libkmod-dev): umcg is not built" >&2
no-tests:
	@echo "libcheck is not installed (package check): the tests are not built" >&2

# ---- objects ----------------------------------------------------------------

# One set of objects for both kinds of library: position independent. Each library has
# an internal.h of its own, beside its sources.
$(OBJ)/lib/%.o $(OBJ)/sync/%.o $(OBJ)/runtime/%.o: of_library := -Wpedantic -fPIC -fvisibility=hidden
$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	@$(say) CC $<
	$(Q)$(compile) $(of_library) $(if $(filter tests/%,$<),-Itests/support) -c $< -o $@

# The only file that is made: system calls by number.
$(OBJ)/trace/syscall_names.h: $(OBJ)/flags
	@mkdir -p $(@D)
	$(Q)echo '#include <asm/unistd.h>' | $(CC) -E -dM - | LC_ALL=C sort | \
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/\t[\2] = "\1",/p' >$@
$(OBJ)/trace/syscalls.o: $(OBJ)/trace/syscall_names.h
$(OBJ)/trace/syscalls.o: private flags += -I$(OBJ)/trace

# Changes when the compiler or its flags do, and everything with it; but not with
# WERROR, which changes no object.
$(OBJ)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CC) $(flags))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(CC) $(flags))' >$@
FORCE:
.PHONY: FORCE

# ---- the libraries ----------------------------------------------------------

# $(call library,DIRECTORY,NAME,LIBRARIES)
define library
$(1)_objects := $$(patsubst %.c,$$(OBJ)/%.o,$$(wildcard $(1)/*.c))
lib: $$(addprefix $$(BUILD)/lib/,$(2).a $(2).so $(2).so.0)

$$(BUILD)/lib/$(2).a: $$($(1)_objects)
	@mkdir -p $$(@D)
	@$$(say) AR $$@
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^

$$(BUILD)/lib/$(2).so.0: $$($(1)_objects) $(1)/$(2).map $(3)
	@mkdir -p $$(@D)
	@$$(say) LD $$@
	$$(Q)$$(CC) -shared -Wl,-soname,$(2).so.0 -Wl,--version-script,$(1)/$(2).map \
		-Wl,-z,defs $$(CFLAGS) $$(LDFLAGS) $$($(1)_objects) $(3) -o $$@ $$(LDLIBS)

$$(BUILD)/lib/$(2).so: $$(BUILD)/lib/$(2).so.0
	$$(Q)ln -sf $(2).so.0 $$@
endef

$(eval $(call library,lib,libumcg))
$(eval $(call library,sync,libumcg-sync,$(BUILD)/lib/libumcg.so.0))
$(eval $(call library,runtime,libumcg-runtime,$(addprefix $(BUILD)/lib/,libumcg-sync.so.0 libumcg.so.0)))
archives := $(addprefix $(BUILD)/lib/,libumcg-runtime.a libumcg-sync.a libumcg.a)

# All of the libraries is inside of it, and nothing seen but what it stands in front of;
# what those call of that is libc's.
run_library	:= $(BUILD)/lib/umcg/libumcg-run.so
run_objects	:= $(patsubst %.c,$(OBJ)/%.o,$(wildcard preload/*.c))
lib: $(run_library)
$(OBJ)/preload/%.o: of_library := -fPIC -fvisibility=hidden
$(run_library): $(run_objects) preload/libumcg-run.map $(archives)
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(CC) -shared -Wl,-soname,$(@F) -Wl,--version-script,preload/libumcg-run.map \
		-Wl,-z,defs,-z,now $(addprefix -Wl$(comma)--wrap=,open close prctl pthread_create sched_yield) \
		$(CFLAGS) $(LDFLAGS) -pthread $(run_objects) $(archives) -o $@ $(LDLIBS)
objects += $(run_objects)

trace_objects := $(patsubst %.c,$(OBJ)/%.o,$(wildcard trace/*.c))
$(OBJ)/trace.a: $(trace_objects)
	@$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# ---- programs ---------------------------------------------------------------

# $(call program,TARGET,SOURCES,LIBRARIES)
define program
$(1): $$(patsubst %.c,$$(OBJ)/%.o,$(2)) $$(OBJ)/trace.a $$(archives)
	@mkdir -p $$(@D)
	@$$(say) LD $$@
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -pthread $$^ -o $$@ $(3) \
		$$$$(sed -n 's|^/\* libs: \(.*\) \*/$$$$|\1|p' $(2)) $$(LDLIBS)
objects += $$(patsubst %.c,$$(OBJ)/%.o,$(2))
endef

# $(call programs,DIRECTORY): DIRECTORY-programs, one from each .c and each directory
# with any
define programs
.PHONY: $(1)-programs
$(1)-programs: $$(patsubst %.c,$$(BUILD)/%,$$(wildcard $(1)/*.c)) \
	$$(patsubst %/,$$(BUILD)/%,$$(sort $$(dir $$(wildcard $(1)/*/*.c))))
$$(foreach c,$$(wildcard $(1)/*.c),$$(eval $$(call program,$$(c:%.c=$$(BUILD)/%),$$(c))))
$$(foreach d,$$(patsubst %/,%,$$(sort $$(dir $$(wildcard $(1)/*/*.c)))),\
	$$(eval $$(call program,$$(BUILD)/$$(d),$$(wildcard $$(d)/*.c))))
endef

$(foreach d,examples bench tools,$(eval $(call programs,$(d))))

suites	:= $(wildcard tests/suites/*.c)
units	:= $(wildcard tests/unit/*.c)
manual	:= $(patsubst man/%.3,$(BUILD)/man/%,$(shell grep -l '^\.Sh EXAMPLES' man/*.3))
tests: $(suites:tests/suites/%.c=$(BUILD)/tests/%) $(units:%.c=$(BUILD)/%) $(manual) sanitized
$(foreach c,$(suites),$(eval $(call program,$(c:tests/suites/%.c=$(BUILD)/tests/%),\
	$(c) $(wildcard tests/support/*.c $(c:tests/suites/%.c=tests/%)/*.c),$$(check_libs))))
$(foreach c,$(units),$(eval $(call program,$(c:%.c=$(BUILD)/%),$(c),$$(check_libs))))

# The examples of the pages, as somebody would copy them: run by tests/suites/manual.c.
$(manual): $(BUILD)/man/%: man/%.3 $(archives) tests/manual/example $(OBJ)/flags
	@mkdir -p $(@D) $(OBJ)/man
	@$(say) EXAMPLE $<
	$(Q)tests/manual/example $< >$(OBJ)/man/$*.c
	$(Q)$(CC) $(flags) $(WERROR) -Wno-unused-parameter $(LDFLAGS) $(OBJ)/man/$*.c \
		$(archives) -o $@ $(LDLIBS)

# Examples under a sanitizer, for tests/suites/rt_sanitizers.c. It takes locks of its own
# in what it looks into, so that is what workers run; the rest is what servers run.
by_workers	:= $(wildcard sync/*.c) $(addprefix runtime/,self.c spawn.c rt.c policy.c)
by_servers	:= $(filter-out $(by_workers:%.c=$(OBJ)/%.o),$(lib_objects) $(runtime_objects))
sanitized	:= $(foreach s,thread address,$(addsuffix .$(s),runtime policy))
sanitized: $(addprefix $(BUILD)/sanitized/,$(sanitized))
$(BUILD)/sanitized/%: $(by_workers) $(by_servers) $(wildcard examples/*.c) $(OBJ)/flags
	@mkdir -p $(@D)
	@$(say) CC $@
	$(Q)$(CC) $(flags) $(WERROR) $(LDFLAGS) -fsanitize=$(subst .,,$(suffix $*)) \
		$(if $(filter %.thread,$*),-static-libtsan,-static-libasan) \
		examples/$(basename $*).c $(by_workers) $(by_servers) -o $@ $(LDLIBS)
.PHONY: sanitized

# What needs no guest; tests/check runs them with all the others.
run-units: $(units:%.c=$(BUILD)/%)
	for unit in $^; do CK_VERBOSITY=minimal $$unit || exit; done
.PHONY: run-units

-include $(patsubst %.o,%.d,$(sort $(lib_objects) $(sync_objects) $(runtime_objects) $(trace_objects) $(objects)))

# ---- the module -------------------------------------------------------------

KDIR ?= /lib/modules/$(shell uname -r)/build

# kbuild puts what it makes beside the sources: links to them spare the tree.
module:
	@[ -e '$(KDIR)/Makefile' ] || { echo "$(KDIR) is not there: install" \
		"linux-headers-$$(uname -r)" >&2; exit 1; }
	@mkdir -p $(BUILD)/module/here
	@cp -asf $(CURDIR)/module $(CURDIR)/include $(BUILD)/module/here/
	$(MAKE) -C '$(KDIR)' M=$(abspath $(BUILD)/module/here)/module modules
.PHONY: module

# ---- install ----------------------------------------------------------------

# From where it is here to where it goes, and what of it is there once it is installed.
man_pages	:= $(wildcard man/*.[1-8])
# A page has a name for each function it is about: $(call man_names,PAGE)
man_names	= $(addsuffix $(suffix $(1)),$(shell sed -n '/^\.Nd/q; s/^\.Nm \([a-z_-]*\).*/\1/p' $(1)))
man_dir		= $(mandir)/man$(patsubst .%,%,$(suffix $(1)))
man_files	= $(foreach p,$(man_pages),$(addprefix $(call man_dir,$(p))/,$(call man_names,$(p))))
tool_files	= $(if $(have_kmod),$(bindir)/umcg $(bashdir)/umcg $(zshdir)/_umcg $(fishdir)/umcg.fish \
	$(libdir)/umcg/$(notdir $(run_library)))
libraries	:= libumcg libumcg-sync libumcg-runtime
lib_files	= $(foreach l,$(libraries),$(addprefix $(libdir)/$(l),.a .so .so.0) \
	$(pkgconfigdir)/$(l).pc) $(addprefix $(includedir)/,umcg.h umcg_ioctl.h umcg_sync.h umcg_runtime.h)
script_files	= $(addprefix $(scriptdir)/,$(notdir $(wildcard tools/bpftrace/*.bt)) umcg.py)
system_files	= $(udevdir)/60-umcg.rules $(modulesloaddir)/umcg.conf

install: install-lib install-man install-scripts install-system $(if $(have_kmod),install-tools)

install-lib: lib
	install -d '$(DESTDIR)$(libdir)' '$(DESTDIR)$(includedir)' '$(DESTDIR)$(pkgconfigdir)'
	install -m 644 $(libraries:%=$(BUILD)/lib/%.a) '$(DESTDIR)$(libdir)/'
	install -m 755 $(libraries:%=$(BUILD)/lib/%.so.0) '$(DESTDIR)$(libdir)/'
	install -m 644 lib/umcg.h include/umcg_ioctl.h sync/umcg_sync.h runtime/umcg_runtime.h \
		'$(DESTDIR)$(includedir)/'
	$(foreach pc,lib/umcg sync/umcg-sync runtime/umcg-runtime,\
		ln -sf lib$(notdir $(pc)).so.0 '$(DESTDIR)$(libdir)/lib$(notdir $(pc)).so' && \
		sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
		-e 's|@includedir@|$(includedir)|' -e 's|@version@|$(VERSION)|' \
		$(pc).pc.in >'$(DESTDIR)$(pkgconfigdir)/lib$(notdir $(pc)).pc' &&) :

install-tools: tools
	install -D -m 755 $(BUILD)/tools/umcg '$(DESTDIR)$(bindir)/umcg'
	install -D -m 755 $(run_library) '$(DESTDIR)$(libdir)/umcg/$(notdir $(run_library))'
	install -D -m 644 completions/umcg.bash '$(DESTDIR)$(bashdir)/umcg'
	install -D -m 644 completions/_umcg '$(DESTDIR)$(zshdir)/_umcg'
	install -D -m 644 completions/umcg.fish '$(DESTDIR)$(fishdir)/umcg.fish'

install-man:
	$(foreach p,$(man_pages),install -D -m 644 -t '$(DESTDIR)$(call man_dir,$(p))' $(p) && \
		$(foreach n,$(filter-out $(notdir $(p)),$(call man_names,$(p))),\
		ln -sf $(notdir $(p)) '$(DESTDIR)$(call man_dir,$(p))/$(n)' && )) :

install-scripts:
	install -d '$(DESTDIR)$(scriptdir)'
	install -m 755 tools/bpftrace/*.bt '$(DESTDIR)$(scriptdir)/'
	install -m 644 tools/gdb/umcg.py '$(DESTDIR)$(scriptdir)/'

install-system:
	install -D -m 644 system/60-umcg.rules '$(DESTDIR)$(udevdir)/60-umcg.rules'
	install -D -m 644 system/umcg.conf '$(DESTDIR)$(modulesloaddir)/umcg.conf'

uninstall:
	rm -f $(patsubst %,'$(DESTDIR)%',$(lib_files) $(tool_files) $(script_files) $(system_files) \
		$(man_files))
.PHONY: install install-lib install-tools install-man install-scripts install-system uninstall

# dkms has its sources below /usr/src, whatever the prefix.
dkms_source	= $(DESTDIR)/usr/src/umcg-$(VERSION)

install-dkms:
	install -d '$(dkms_source)/module/compat' '$(dkms_source)/include'
	install -m 644 dkms.conf '$(dkms_source)/'
	install -m 644 module/Kbuild module/*.[ch] '$(dkms_source)/module/'
	install -m 644 module/compat/*.h '$(dkms_source)/module/compat/'
	install -m 644 include/*.h '$(dkms_source)/include/'
.PHONY: install-dkms

# ---- Debian packages --------------------------------------------------------

# From a copy, as building a package begins with cleaning.
deb:
	rm -rf $(BUILD)/deb
	mkdir -p $(BUILD)/deb/umcg-$(VERSION)
	tar -c --exclude=./.git --exclude=./$(BUILD) . | tar -x -C $(BUILD)/deb/umcg-$(VERSION)
	cd $(BUILD)/deb/umcg-$(VERSION) && env -u MAKEFLAGS -u MAKELEVEL -u BUILD \
		dpkg-buildpackage -b -us -uc
	rm -rf $(BUILD)/deb/umcg-$(VERSION)
.PHONY: deb

# ---- the rest ---------------------------------------------------------------

demo:
	@examples/demo

check:
	@tests/check $(KERNEL)

check-debug:
	@tests/check-debug $(KERNEL)

check-programs:
	@tests/programs/run $(KERNEL)

check-packages:
	@tests/package/run $(if $(MINUTES),--minutes $(MINUTES)) $(RELEASE)

check-long:
	@tests/check-long $(if $(MINUTES),--minutes $(MINUTES)) $(KERNEL)

fuzz:
	@tests/fuzz/run $(if $(KERNEL),--kernel $(KERNEL)) \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

model:
	@tests/vm/prepare none
	@tests/model/run --full --mutations

mutations:
	@tests/mutations/run $(if $(KERNEL),--kernel $(KERNEL))

bench:
	@bench/run $(KERNEL)

bench-compare:
	@bench/compare $(A) $(B)

bench-record:
	@bench/record $(KERNEL)

lint:
	@tests/lint/run

clean:
	rm -rf $(BUILD)

version:
	@echo $(VERSION)

help:
	@sed -n 's/^## //p' Makefile
.PHONY: demo check check-debug check-programs check-packages check-long fuzz model mutations lint
.PHONY: bench bench-compare bench-record
.PHONY: clean version help
