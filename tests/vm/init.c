// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's first process. It makes a small machine around one command, runs
 * it, and reports over serial ports, the only devices every stock kernel drives
 * without a module:
 *
 *	ttyS0	the kernel's console; nothing of ours
 *	ttyS1	the command's stdout; with a shell, its terminal
 *	ttyS2	the command's stderr
 *	ttyS3	our report: "ready UPTIME", then "exit STATUS", or "fail WHY"
 *
 * What to do stands in /.vm, written by lib/guest.sh: argv and env (strings, each
 * ended by NUL), modules (a line each), settle (seconds), tty (rows and columns).
 *
 * The virtual machine is ended by the runner, not here: only it can see that the
 * last line of the kernel log has arrived (consoles print from threads nowadays).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define END_OF_LOG "umcg-vm: end of the kernel log"

static int report_fd = -1;

static void report(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (report_fd >= 0 && write(report_fd, line, len) == len)
		tcdrain(report_fd);
}

/* Nothing works without it: say so and let the runner end the machine. */
static void fail(const char *what)
{
	report("fail %s: %s", what, strerror(errno));
	for (;;)
		pause();
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = strlen(text), done;

	if (fd < 0)
		return -1;
	done = write(fd, text, len);
	close(fd);
	return done == len ? 0 : -1;
}

/* The whole file, with a NUL behind it. NULL if it is not there. */
static char *get(const char *path, size_t *len)
{
	struct stat st;
	char *buf;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st))
		fail(path);
	buf = malloc(st.st_size + 1);
	if (!buf)
		fail(path);
	if (read(fd, buf, st.st_size) != st.st_size)
		fail(path);
	close(fd);
	buf[st.st_size] = '\0';
	*len = st.st_size;
	return buf;
}

/* A NULL-ended vector of the NUL-ended strings in a file. */
static char **get_strings(const char *path)
{
	size_t len, n = 0, i = 0;
	char *buf = get(path, &len), **v;

	if (!buf)
		fail(path);
	for (size_t at = 0; at < len; at += strlen(buf + at) + 1)
		n++;
	v = calloc(n + 1, sizeof(*v));
	if (!v)
		fail(path);
	for (size_t at = 0; at < len; at += strlen(buf + at) + 1)
		v[i++] = buf + at;
	return v;
}

static void mounts(void)
{
	static const struct {
		const char *type, *at, *data;
	} m[] = {
		{ "devtmpfs", "/dev", "mode=0755" },
		{ "proc", "/proc", NULL },
		{ "sysfs", "/sys", NULL },
		{ "devpts", "/dev/pts", "mode=0620,ptmxmode=0666" },
		{ "tmpfs", "/dev/shm", "mode=1777" },
		{ "debugfs", "/sys/kernel/debug", NULL },
		{ "tracefs", "/sys/kernel/tracing", NULL },
		{ "cgroup2", "/sys/fs/cgroup", NULL },
	};

	for (size_t i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		mkdir(m[i].at, 0755);
		/* A self-built kernel may lack some; the first three it may not. */
		if (mount(m[i].type, m[i].at, m[i].type, 0, m[i].data) && i < 3)
			fail(m[i].at);
	}
	if (symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") ||
	    symlink("/proc/self/fd/2", "/dev/stderr"))
		fail("/dev/fd");
	/* The root is a tmpfs; what was brought to /tmp is not to be hidden. */
	chmod("/tmp", 01777);
}

/* A serial port which passes every byte as it is. */
static int open_port(const char *path)
{
	struct termios t;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &t))
		fail(path);
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(HUPCL | CRTSCTS);
	cfsetspeed(&t, B115200);
	if (tcsetattr(fd, TCSANOW, &t))
		fail(path);
	return fd;
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0 || ioctl(s, SIOCGIFFLAGS, &ifr))
		return;
	ifr.ifr_flags |= IFF_UP | IFF_RUNNING;
	ioctl(s, SIOCSIFFLAGS, &ifr);
	close(s);
}

/*
 * One that checks itself (tests/vm/debug-kernel) is slower, and its detectors have
 * the more patience for it, five times as everywhere.
 */
static void patience(void)
{
	struct utsname u;

	if (uname(&u) || !strstr(u.release, "-umcg-"))
		return;
	put("/proc/sys/kernel/watchdog_thresh", "50");
	put("/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout", "105");
}

/*
 * Room for thousands of threads, and a hang told soon: under an emulator the
 * default two minutes of the hung task detector are the whole run. With icount
 * (/.vm/settle) an idle guest's clock runs ahead of a real disk, so there the
 * detector keeps its patience.
 */
static void settings(void)
{
	static const int unlimited[] = { RLIMIT_NPROC, RLIMIT_MEMLOCK, RLIMIT_SIGPENDING };
	static const struct rlimit inf = { RLIM_INFINITY, RLIM_INFINITY };
	static const struct rlimit files = { 65536, 1048576 };

	sethostname("umcg-vm", 7);
	loopback_up();
	for (size_t i = 0; i < sizeof(unlimited) / sizeof(unlimited[0]); i++)
		setrlimit(unlimited[i], &inf);
	setrlimit(RLIMIT_NOFILE, &files);
	put("/proc/sys/kernel/threads-max", "200000");
	put("/proc/sys/kernel/pid_max", "4194304");
	put("/proc/sys/vm/max_map_count", "1048576");
	put("/proc/sys/kernel/sysrq", "1");

	patience();
	put("/proc/sys/kernel/panic_on_rcu_stall", "1");
	put("/proc/sys/kernel/softlockup_panic", "1");
	if (access("/.vm/settle", F_OK)) {
		put("/proc/sys/kernel/hung_task_timeout_secs", "40");
		put("/proc/sys/kernel/hung_task_panic", "1");
	}
}

/* A child's exit status as a shell tells it. */
static int shell_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int wait_for(pid_t pid)
{
	int status;

	for (;;) {
		pid_t p = wait(&status);

		if (p == pid)
			return shell_status(status);
		if (p < 0 && errno == ECHILD)
			return 255;
	}
}

/* The modules the run asked for, loaded before the clock is told "ready". */
static void load_modules(char **env)
{
	size_t len;
	char *list = get("/.vm/modules", &len);

	for (char *m = list ? strtok(list, "\n") : NULL; m; m = strtok(NULL, "\n")) {
		char *argv[] = { "modprobe", m, NULL };
		pid_t pid = fork();

		if (!pid) {
			execve("/sbin/modprobe", argv, env);
			_exit(127);
		}
		if (wait_for(pid)) {
			errno = ENODEV;
			fail(m);
		}
	}
}

static void mount_disk(void)
{
	if (access("/.vm/disk", F_OK))
		return;
	mkdir("/disk", 0755);
	if (mount("/dev/vda", "/disk", "ext4", 0, NULL))
		fail("mount /dev/vda on /disk");
}

/* A shell wants a terminal: cooked, controlling, of the caller's size. */
static void become_terminal(int fd, const char *size)
{
	struct winsize w = { 24, 80, 0, 0 };
	struct termios t;

	sscanf(size, "%hu %hu", &w.ws_row, &w.ws_col);
	ioctl(fd, TIOCSWINSZ, &w);
	tcgetattr(fd, &t);
	t.c_iflag |= ICRNL | IXON;
	t.c_oflag |= OPOST | ONLCR;
	t.c_lflag |= ISIG | ICANON | ECHO | ECHOE | ECHOK | IEXTEN;
	tcsetattr(fd, TCSANOW, &t);
	ioctl(fd, TIOCSCTTY, 0);
}

static pid_t start(char **argv, char **env, int out, int err)
{
	size_t len;
	char *tty = get("/.vm/tty", &len);
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid)
		return pid;

	setsid();
	if (tty)
		become_terminal(out, tty);
	dup2(tty ? out : open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	dup2(out, 1);
	dup2(tty ? out : err, 2);
	if (chdir("/umcg"))
		fail("/umcg");
	execvpe(argv[0], argv, env);
	len = errno;
	dprintf(2, "%s: %s\n", argv[0], strerror(len));
	_exit(len == ENOENT ? 127 : 126);
}

static void kmsg(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	/* A line without its end waits for more, and is not printed. */
	strcat(line, "\n");
	put("/dev/kmsg", line);
}

/*
 * What the command left running is killed, and told of when it will not die: a
 * thread that nobody can kill is a thread the kernel has lost.
 */
static void end_the_rest(void)
{
	static const struct timespec tick = { 0, 10 * 1000 * 1000 };
	int status;
	pid_t pid = 0;

	if (kill(-1, SIGKILL))
		return;
	for (int i = 0; i < 1000; i++) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			;
		if (pid < 0)
			return;
		nanosleep(&tick, NULL);
	}
	kmsg("<4>WARNING: umcg-vm: after 10 s a process still survives SIGKILL");
	put("/proc/sysrq-trigger", "t");
}

int main(void)
{
	char **argv, **env, *settle;
	struct timespec up;
	int out, err, status;
	size_t len;

	umask(022);
	mounts();
	report_fd = open_port("/dev/ttyS3");
	out = open_port("/dev/ttyS1");
	err = open_port("/dev/ttyS2");
	argv = get_strings("/.vm/argv");
	env = get_strings("/.vm/env");
	for (char **e = env; *e; e++)
		putenv(*e); /* execvpe() searches the PATH of the caller */
	settings();
	load_modules(env);
	mount_disk();
	settle = get("/.vm/settle", &len);
	if (settle)
		sleep(atoi(settle));

	clock_gettime(CLOCK_BOOTTIME, &up);
	report("ready %lld.%02ld", (long long)up.tv_sec, up.tv_nsec / 10000000);
	status = wait_for(start(argv, env, out, err));
	end_the_rest();
	umount("/disk");
	sync();
	tcdrain(out);
	tcdrain(err);
	kmsg("<6>" END_OF_LOG);
	report("exit %d", status);
	for (;;)
		pause();
}
