// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - /dev/umcg: open, map, ioctl
 *
 * Process context, may sleep.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "compat/vma.h"
#include "trace.h"
#include "umcg.h"

#define FEATURES	(UMCG_FEAT_HANDOFF | UMCG_FEAT_WAKE | UMCG_FEAT_KICK | \
			 UMCG_FEAT_WORKER_TIMEOUT | UMCG_FEAT_SIGNALS | \
			 UMCG_FEAT_TIMESTAMPS | UMCG_FEAT_SLICE | \
			 UMCG_FEAT_SECTION | UMCG_FEAT_NOTIFY | \
			 UMCG_FEAT_SHARED | UMCG_FEAT_MULTI | UMCG_FEAT_POLL | \
			 UMCG_FEAT_SEEK)

/* The first version's size; a smaller structure never existed. */
#define QUERY_SIZE_MIN	offsetofend(struct umcg_query, slice_min_ns)

static int device_open(struct inode *inode, struct file *file)
{
	struct umcg_group *group = umcg_group_create();

	if (IS_ERR(group))
		return PTR_ERR(group);
	file->private_data = group;
	/* Not nonseekable_open(): lseek() is a way to call. */
	file->f_mode &= ~(FMODE_PREAD | FMODE_PWRITE);
	return 0;
}

/* No fd and no mapping is left. */
static int device_release(struct inode *inode, struct file *file)
{
	struct umcg_group *group = file->private_data;

	umcg_group_end(group);
	umcg_group_put(group);
	return 0;
}

/* A child that got the mapping all the same (MADV_DOFORK) finds nothing in it. */
static vm_fault_t slots_fault(struct vm_fault *vmf)
{
	struct umcg_group *group = vmf->vma->vm_private_data;
	struct page *page;

	if (vmf->pgoff >= UMCG_PAGES_MAX || vmf->vma->vm_mm != group->mm)
		return VM_FAULT_SIGBUS;
	page = umcg_slots_page(group, vmf->pgoff);
	if (!page)
		return VM_FAULT_OOM;
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct slots_vm_ops = {
	.fault = slots_fault,
};

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct umcg_group *group = file->private_data;

	if (!umcg_group_is_mine(group))
		return -EPERM;
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EINVAL;
	if (vma->vm_pgoff + vma_pages(vma) > UMCG_PAGES_MAX)
		return -EINVAL;
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND, VM_MAYEXEC);
	vma->vm_private_data = group;
	vma->vm_ops = &slots_vm_ops;
	return 0;
}

static int ioctl_query(void __user *uarg)
{
	struct umcg_query query = {
		.size = sizeof(query),
		.api_level = UMCG_API_LEVEL,
		.features = FEATURES,
		.map_size = UMCG_MAP_SIZE,
		.slot_stride = sizeof(struct umcg_task),
		.slots_max = UMCG_SLOTS_MAX,
		.slice_min_ns = UMCG_SLICE_MIN_NS,
	};
	u32 size;

	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	if (size < QUERY_SIZE_MIN || size > PAGE_SIZE)
		return -EINVAL;
	if (copy_to_user(uarg, &query, min_t(size_t, size, sizeof(query))))
		return -EFAULT;
	if (size > sizeof(query) &&
	    clear_user(uarg + sizeof(query), size - sizeof(query)))
		return -EFAULT;
	return 0;
}

/* The caller's registration, if it is one of this group. */
static struct umcg_thread *self_of(struct umcg_group *group)
{
	struct umcg_thread *self = umcg_current();

	if (!self || self->group != group || READ_ONCE(self->state) == UMCG_TASK_NONE)
		return NULL;
	return self;
}

/* A worker's call in unmanaged time is made when it is scheduled. */
static int pass_hold(struct umcg_group *group)
{
	struct umcg_thread *self = self_of(group);

	return self && !self->is_server ? umcg_pass_hold(self) : 0;
}

static int wait(struct umcg_thread *self, const struct umcg_wait *args)
{
	if (args->pad || (args->flags & ~UMCG_WAIT_ENQUEUE))
		return -EINVAL;
	if (READ_ONCE(self->released))
		return -ESHUTDOWN;
	return umcg_wait(self, args);
}

static int ioctl_wait(struct umcg_group *group, void __user *uarg)
{
	struct umcg_thread *self = self_of(group);
	struct umcg_wait args = {};

	if (!self)
		return READ_ONCE(group->ended) ? -ESHUTDOWN : -EPERM;
	if (uarg && copy_from_user(&args, uarg, sizeof(args)))
		return -EFAULT;
	return wait(self, &args);
}

static int seek_wait(struct umcg_group *group, u64 flags)
{
	struct umcg_thread *self = self_of(group);
	struct umcg_wait args = { .flags = flags };

	if (!self)
		return READ_ONCE(group->ended) ? -ESHUTDOWN : -EPERM;
	if (flags > U32_MAX)
		return -EINVAL;
	return wait(self, &args);
}

static int ioctl_unregister(struct umcg_group *group, unsigned long arg)
{
	struct umcg_thread *self = self_of(group);

	if (!self)
		return READ_ONCE(group->ended) ? -ESHUTDOWN : -EPERM;
	if (arg)
		return -EINVAL;
	if (READ_ONCE(self->released))
		return -ESHUTDOWN;
	return umcg_unregister(self);
}

static int wake(struct umcg_group *group, const struct umcg_wake *args)
{
	int ret;

	if (args->flags)
		return -EINVAL;
	ret = pass_hold(group);
	if (ret)
		return ret;
	if (READ_ONCE(group->ended))
		return -ESHUTDOWN;
	return umcg_wake(group, args);
}

static int ioctl_wake(struct umcg_group *group, void __user *uarg)
{
	struct umcg_wake args;

	if (copy_from_user(&args, uarg, sizeof(args)))
		return -EFAULT;
	return wake(group, &args);
}

static int seek_wake(struct umcg_group *group, u64 tid)
{
	struct umcg_wake args = { .tid = tid };

	if (tid > U32_MAX)
		return -EINVAL;
	return wake(group, &args);
}

static int ioctl_kick(struct umcg_group *group, void __user *uarg)
{
	struct umcg_kick args;
	int ret;

	if (copy_from_user(&args, uarg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~UMCG_KICK_CURRENT)
		return -EINVAL;
	ret = pass_hold(group);
	if (ret)
		return ret;
	if (READ_ONCE(group->ended))
		return -ESHUTDOWN;
	return umcg_kick(group, &args);
}

static bool is_call(unsigned int cmd)
{
	return cmd == UMCG_IOC_REGISTER || cmd == UMCG_IOC_UNREGISTER ||
	       cmd == UMCG_IOC_WAIT || cmd == UMCG_IOC_WAKE ||
	       cmd == UMCG_IOC_KICK;
}

static long call(struct umcg_group *group, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	if (cmd == UMCG_IOC_QUERY)
		return ioctl_query(uarg);
	if (!umcg_group_is_mine(group))
		return is_call(cmd) ? -EPERM : -ENOTTY;

	switch (cmd) {
	case UMCG_IOC_WAIT:
		return ioctl_wait(group, uarg);
	case UMCG_IOC_WAKE:
		return ioctl_wake(group, uarg);
	case UMCG_IOC_KICK:
		return ioctl_kick(group, uarg);
	case UMCG_IOC_REGISTER:
		return umcg_register(group, uarg);
	case UMCG_IOC_UNREGISTER:
		return ioctl_unregister(group, arg);
	default:
		return -ENOTTY;
	}
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct umcg_group *group = file->private_data;
	long ret = call(group, cmd, arg);

	if (ret < 0)
		trace_umcg_error(group, _IOC_NR(cmd), ret);
	return ret;
}

/* ioctl() goes by the hooks of all security modules, this does not. */
static loff_t device_llseek(struct file *file, loff_t offset, int whence)
{
	struct umcg_group *group = file->private_data;
	bool waits = whence == UMCG_SEEK_WAIT;
	int ret;

	if (!waits && whence != UMCG_SEEK_WAKE)
		return -ESPIPE;
	if (!umcg_group_is_mine(group))
		return -EPERM;
	ret = waits ? seek_wait(group, offset) : seek_wake(group, offset);
	if (ret < 0)
		trace_umcg_error(group, _IOC_NR(waits ? UMCG_IOC_WAIT : UMCG_IOC_WAKE),
				 ret);
	return ret;
}

static __poll_t device_poll(struct file *file, struct poll_table_struct *table)
{
	struct umcg_group *group = file->private_data;

	if (!umcg_group_is_mine(group))
		return EPOLLERR;
	return umcg_poll(group, file, table);
}

static void device_show_fdinfo(struct seq_file *m, struct file *file)
{
	umcg_fdinfo(file->private_data, m);
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.llseek = device_llseek,
	.poll = device_poll,
	.open = device_open,
	.release = device_release,
	.mmap = device_mmap,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = device_show_fdinfo,
};

/*
 * A process can schedule its own threads only, so everybody may open it where no
 * udev rule says otherwise.
 */
static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "umcg",
	.fops = &device_fops,
	.mode = 0666,
};

int umcg_device_init(void)
{
	return misc_register(&device);
}

void umcg_device_exit(void)
{
	misc_deregister(&device);
}
