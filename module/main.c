// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - load and unload
 *
 * Nothing is hooked while no thread is registered: loading the module costs the
 * machine nothing.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/tracepoint.h>

#include "umcg.h"
#include "umcg_version.h"

static int __init umcg_init(void)
{
	int ret;

	ret = umcg_threads_init();
	if (ret)
		return ret;
	ret = umcg_exit_init();
	if (ret)
		goto out_threads;
	ret = umcg_device_init();
	if (ret)
		goto out_threads;
	return 0;

out_threads:
	umcg_threads_exit();
	return ret;
}

/*
 * The module's references are gone, so no thread is registered. What may still
 * run its text: a task on its way out of the last callback
 * (synchronize_rcu_tasks), a probe, an object on its way to be freed.
 */
static void __exit umcg_exit(void)
{
	umcg_device_exit();
	umcg_hooks_exit();
	tracepoint_synchronize_unregister();
	synchronize_rcu_tasks();
	rcu_barrier();
	umcg_threads_exit();
}

module_init(umcg_init);
module_exit(umcg_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("User managed concurrency groups");
MODULE_VERSION(UMCG_VERSION);
