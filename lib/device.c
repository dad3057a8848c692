// SPDX-License-Identifier: MIT
/* Finding out whether /dev/umcg is there and is what this library knows. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

int group_call(int fd, unsigned long request, void *arg)
{
	int saved = errno;
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		ret = -errno;
	errno = saved;
	return ret;
}

/*
 * The answer is used for pointer arithmetic, so it is checked even though it
 * comes from the kernel: something else could sit at the name, and know the
 * number of our ioctl for something else.
 */
static int check_query(const struct umcg_query *q)
{
	if (q->api_level == 0 || q->slot_stride < sizeof(struct umcg_task) ||
	    q->slot_stride % __alignof__(struct umcg_task) ||
	    q->slots_max < 2 || q->slots_max > UMCG_CUR_SLOT_MASK ||
	    q->map_size < (__u64)q->slots_max * q->slot_stride ||
	    q->map_size > (size_t)-1 / 2)
		return -EPROTO;
	return q->api_level < API_LEVEL_NEEDED ? -EPROTONOSUPPORT : 0;
}

void device_open(struct device *dev)
{
	int saved = errno;

	*dev = (struct device){ .query.size = sizeof(dev->query) };
	dev->fd = open(UMCG_DEVICE, O_RDWR | O_CLOEXEC);
	if (dev->fd < 0) {
		dev->error = -errno;
		errno = saved;
		return;
	}
	dev->opened = true;
	dev->error = group_call(dev->fd, UMCG_IOC_QUERY, &dev->query);
	if (dev->error >= 0)
		dev->error = check_query(&dev->query);
	if (dev->error)
		device_close(dev);
	errno = saved;
}

void device_close(struct device *dev)
{
	int saved = errno;

	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
	errno = saved;
}
