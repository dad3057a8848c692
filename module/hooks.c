// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooks.c - arming and disarming what sees the rest of the kernel
 *
 * Process context, may sleep. Arming patches kernel text: the key of the preempt
 * notifiers, two tracepoints, two kprobes. So that opening and closing the
 * device in a loop does not patch in a loop, the hooks stay armed for a while
 * after the last registered thread has gone.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/workqueue.h>

#include "umcg.h"

#define LINGER	(5 * HZ)

static void disarm_fn(struct work_struct *work);

static DEFINE_MUTEX(hooks_mutex);	/* protects armed, and users from 0 to 1 */
static DECLARE_DELAYED_WORK(disarm_work, disarm_fn);
static atomic_t users = ATOMIC_INIT(0);
static bool armed;

static int arm(void)
{
	int ret;

	if (armed)
		return 0;
	ret = umcg_exit_hooks_arm();
	if (ret)
		return ret;
	ret = umcg_signal_arm();
	if (ret) {
		umcg_exit_hooks_disarm();
		return ret;
	}
	preempt_notifier_inc();
	armed = true;
	return 0;
}

static void disarm(void)
{
	if (!armed)
		return;
	preempt_notifier_dec();
	umcg_signal_disarm();
	umcg_exit_hooks_disarm();
	armed = false;
}

static void disarm_fn(struct work_struct *work)
{
	mutex_lock(&hooks_mutex);
	if (!atomic_read(&users))
		disarm();
	mutex_unlock(&hooks_mutex);
}

/* One for each registered thread, taken before its notifier is. */
int umcg_hooks_get(void)
{
	int ret;

	if (atomic_inc_not_zero(&users))
		return 0;

	mutex_lock(&hooks_mutex);
	ret = arm();
	if (!ret)
		atomic_inc(&users);
	mutex_unlock(&hooks_mutex);
	return ret;
}

/* Put when the thread's notifier is gone. */
void umcg_hooks_put(void)
{
	if (atomic_dec_and_test(&users))
		schedule_delayed_work(&disarm_work, LINGER);
}

void umcg_hooks_exit(void)
{
	cancel_delayed_work_sync(&disarm_work);
	disarm();
}
