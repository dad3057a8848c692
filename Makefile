# SPDX-License-Identifier: GPL-2.0-only
#
# Everything is built into build/. Adding a file needs no edit here:
#
#	lib/*.c				build/lib/libumcg.{a,so,so.0}
#	tests/suites/NAME.c		build/tests/NAME, with tests/support/*.c
#	tests/unit/NAME.c		build/tests/unit/NAME
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
## make install		install the library (prefix=/usr/local, DESTDIR=)
## make uninstall	remove it
## make demo		boot a stock kernel and show a server doing its work
## make check		all tests on all kernels; KERNEL="6.12 latest": on these
## make check-debug	the suites on kernels with KASAN, lockdep, KCSAN
## make lint		checkpatch, sparse, clang-format, shellcheck
## make clean		remove what was built
#
# The usual variables are honoured: CC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS, AR,
# PKG_CONFIG, prefix, libdir, includedir, DESTDIR; BUILD names another build/;
# WERROR=-Werror, as `make check` has it; V=1 shows the commands.

VERSION	:= 0.1.0
SONAME	:= libumcg.so.0

prefix		?= /usr/local
libdir		?= $(prefix)/lib
includedir	?= $(prefix)/include
pkgconfigdir	?= $(libdir)/pkgconfig

BUILD		?= build
OBJ		:= $(BUILD)/obj
PKG_CONFIG	?= pkg-config
CFLAGS		?= -O2 -g
WERROR		?=
warnings	:= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
flags		= -std=gnu11 $(warnings) -Iinclude -Ilib $(CPPFLAGS) $(CFLAGS) -pthread
compile		= $(CC) $(flags) $(WERROR) -MMD -MP
Q		:= $(if $(V),,@)
silent		:= $(findstring s,$(firstword -$(MAKEFLAGS)))
say		= $(if $(V)$(silent),:,printf '  %-7s %s\n')

# libcheck comes as an archive; with libsubunit as one too, a suite needs nothing
# in the guest but libc.
have_check	:= $(shell $(PKG_CONFIG) --exists check 2>/dev/null && echo yes)
check_libs	= $(patsubst -lsubunit,-l:libsubunit.a,$(shell $(PKG_CONFIG) --libs check))

all: lib examples bench tools $(if $(have_check),tests,no-tests)
.PHONY: all lib tests examples bench tools no-tests
no-tests:
	@echo "libcheck is not installed (package check): the tests are not built" >&2

# ---- objects ----------------------------------------------------------------

# One set of objects for both kinds of library: position independent.
$(OBJ)/lib/%.o: lib/%.c $(OBJ)/flags
	@mkdir -p $(@D)
	@$(say) CC $<
	$(Q)$(compile) -Wpedantic -fPIC -fvisibility=hidden -c $< -o $@

$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	@$(say) CC $<
	$(Q)$(compile) $(if $(filter tests/%,$<),-Itests/support) -c $< -o $@

# Changes when the compiler or its flags do, and everything with it; but not with
# WERROR, which changes no object.
$(OBJ)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CC) $(flags))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(CC) $(flags))' >$@
FORCE:
.PHONY: FORCE

# ---- the library ------------------------------------------------------------

lib_objects := $(patsubst %.c,$(OBJ)/%.o,$(wildcard lib/*.c))
lib: $(addprefix $(BUILD)/lib/,libumcg.a libumcg.so $(SONAME))

$(BUILD)/lib/libumcg.a: $(lib_objects)
	@mkdir -p $(@D)
	@$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/lib/$(SONAME): $(lib_objects) lib/libumcg.map
	@mkdir -p $(@D)
	@$(say) LD $@
	$(Q)$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,lib/libumcg.map \
		-Wl,-z,defs $(CFLAGS) $(LDFLAGS) $(lib_objects) -o $@ $(LDLIBS)

$(BUILD)/lib/libumcg.so: $(BUILD)/lib/$(SONAME)
	$(Q)ln -sf $(SONAME) $@

# ---- programs ---------------------------------------------------------------

# $(call program,TARGET,SOURCES,LIBRARIES)
define program
$(1): $$(patsubst %.c,$$(OBJ)/%.o,$(2)) $$(BUILD)/lib/libumcg.a
	@mkdir -p $$(@D)
	@$$(say) LD $$@
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -pthread $$^ -o $$@ $(3) \
		$$$$(sed -n 's|^/\* libs: \(.*\) \*/$$$$|\1|p' $(2)) $$(LDLIBS)
objects += $$(patsubst %.c,$$(OBJ)/%.o,$(2))
endef

# $(call programs,DIRECTORY): one from each .c and each directory with any
define programs
$(1): $$(patsubst %.c,$$(BUILD)/%,$$(wildcard $(1)/*.c)) \
	$$(patsubst %/,$$(BUILD)/%,$$(sort $$(dir $$(wildcard $(1)/*/*.c))))
$$(foreach c,$$(wildcard $(1)/*.c),$$(eval $$(call program,$$(c:%.c=$$(BUILD)/%),$$(c))))
$$(foreach d,$$(patsubst %/,%,$$(sort $$(dir $$(wildcard $(1)/*/*.c)))),\
	$$(eval $$(call program,$$(BUILD)/$$(d),$$(wildcard $$(d)/*.c))))
endef

$(foreach d,examples bench tools,$(eval $(call programs,$(d))))

suites	:= $(wildcard tests/suites/*.c)
units	:= $(wildcard tests/unit/*.c)
tests: $(suites:tests/suites/%.c=$(BUILD)/tests/%) $(units:%.c=$(BUILD)/%)
$(foreach c,$(suites),$(eval $(call program,$(c:tests/suites/%.c=$(BUILD)/tests/%),\
	$(c) $(wildcard tests/support/*.c),$$(check_libs))))
$(foreach c,$(units),$(eval $(call program,$(c:%.c=$(BUILD)/%),$(c),$$(check_libs))))

-include $(patsubst %.o,%.d,$(sort $(lib_objects) $(objects)))

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

headers := umcg.h umcg_ioctl.h

install: lib
	install -d '$(DESTDIR)$(libdir)' '$(DESTDIR)$(includedir)' '$(DESTDIR)$(pkgconfigdir)'
	install -m 644 $(BUILD)/lib/libumcg.a '$(DESTDIR)$(libdir)/'
	install -m 755 $(BUILD)/lib/$(SONAME) '$(DESTDIR)$(libdir)/'
	ln -sf $(SONAME) '$(DESTDIR)$(libdir)/libumcg.so'
	install -m 644 lib/umcg.h include/umcg_ioctl.h '$(DESTDIR)$(includedir)/'
	sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
		-e 's|@includedir@|$(includedir)|' -e 's|@version@|$(VERSION)|' \
		lib/umcg.pc.in >'$(DESTDIR)$(pkgconfigdir)/libumcg.pc'

uninstall:
	rm -f $(addprefix '$(DESTDIR)$(libdir)'/,libumcg.a libumcg.so $(SONAME)) \
		$(addprefix '$(DESTDIR)$(includedir)'/,$(headers)) \
		'$(DESTDIR)$(pkgconfigdir)/libumcg.pc'
.PHONY: install uninstall

# ---- the rest ---------------------------------------------------------------

demo:
	@examples/demo

check:
	@tests/check $(KERNEL)

check-debug:
	@tests/check-debug $(KERNEL)

lint:
	@tests/lint/run

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^## //p' Makefile
.PHONY: demo check check-debug lint clean help
