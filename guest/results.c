// SPDX-License-Identifier: GPL-2.0
/* results.c - kernel log, snapshot and outcome become records; records become frames. */
#include "agent.h"

#define LOST_RECORDS	"4,0,0,-;pagelab: records of the kernel log were overwritten unread\n"

void log_open(struct agent *agent)
{
	agent->log_fd = sys_open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	sys(lseek, agent->log_fd, 0, 2 /* SEEK_END */);
}

static void log_keep(struct log *log, const char *record, __u32 len, int all)
{
	__u32 priority = 0, i;

	for (i = 0; i < len && record[i] >= '0' && record[i] <= '9'; i++)
		priority = priority * 10 + record[i] - '0';
	priority &= 7;
	if (priority <= 4)
		log->warned = 1;
	else if (!all)
		return;
	if (len > PL_LOG_MAX - log->len)
		return;
	memcpy(log->text + log->len, record, len);
	log->len += len;
}

/* Takes what the kernel has said; of priority 4 or worse only, unless all. */
void log_read(struct agent *agent, int all)
{
	long n;

	for (;;) {
		n = sys_read(agent->log_fd, agent->record, LOG_RECORD_MAX);
		if (n == -EPIPE || n > 0)
			agent->log.said = 1;
		if (n == -EPIPE)
			log_keep(&agent->log, LOST_RECORDS, sizeof(LOST_RECORDS) - 1, all);
		else if (n > 0)
			log_keep(&agent->log, agent->record, n, all);
		else
			return;
	}
}

/*
 * What the kernel says once only, it says again from now on. Each time that
 * takes a walk over all its places (lib/bug.c generic_bug_clear_once).
 */
void log_once_again(struct agent *agent)
{
	if (!agent->log.said)
		return;
	agent->log.said = 0;
	sys_write(agent->once_fd, "1", 1);
}

void result_flush(struct agent *agent)
{
	__u32 len = agent->out_len;

	if (!len)
		return;
	agent->out_len = 0;
	agent->out.number = agent->run.program->number;
	agent->out.zero = 0;
	wire_send(&agent->wire, PL_FRAME_RESULT, &agent->out.frame, 8 + len);
}

/* Space for n bytes at the end of the records, zero up to the next multiple of 8. */
static __u8 *grow(struct agent *agent, __u32 n)
{
	__u8 *at = agent->out.records + agent->out_len;

	if (n & 7)
		*(__u64 *)(at + (n & ~7u)) = 0;
	agent->out_len += (n + 7) & ~7u;
	return at;
}

static void add_log(struct agent *agent, struct pl_outcome *outcome)
{
	struct log *log = &agent->log;

	if (!log->len)
		return;
	memcpy(grow(agent, log->len), log->text, log->len);
	outcome->log_len = log->len;
	log->len = 0;
}

static int add_snapshot(struct agent *agent, struct pl_outcome *outcome)
{
	struct pl_snapshot snapshot = {
		.buffer = (unsigned long)agent->out.records + agent->out_len,
		.capacity = PL_SNAPSHOT_MAX,
	};
	long ret = sys_ioctl(agent->run.device, PL_IOC_SNAPSHOT, &snapshot);

	if (ret < 0)
		return ret;
	if (snapshot.len > PL_SNAPSHOT_MAX)
		return -EOVERFLOW;
	agent->out_len += (snapshot.len + 7) & ~7u;
	outcome->snapshot_len = snapshot.len;
	outcome->observed = 1;
	return 0;
}

/* Begins the record of an operation. */
static struct pl_outcome *add_outcome(struct agent *agent, __u32 operation,
				      const struct report *report, const __u8 *data)
{
	struct pl_outcome *outcome = (struct pl_outcome *)grow(agent, sizeof(*outcome));

	*outcome = (struct pl_outcome){
		.operation = operation,
		.kind = report->kind,
		.signo = report->signo,
		.refused = report->refused,
		.si_code = report->si_code,
		.data_len = report->data_len,
		.ret = report->ret,
		.addr = report->addr,
	};
	if (report->data_len)
		memcpy(grow(agent, report->data_len), data, report->data_len);
	return outcome;
}

/* Records what an operation gave; 0, or -errno of its snapshot (nothing is recorded). */
int result_add(struct agent *agent, __u32 operation, const struct report *report,
	       const __u8 *data, int observe)
{
	__u32 start = agent->out_len;
	struct pl_outcome *outcome = add_outcome(agent, operation, report, data);
	int ret;

	log_read(agent, 1);
	add_log(agent, outcome);
	ret = observe ? add_snapshot(agent, outcome) : 0;
	if (ret)
		agent->out_len = start;
	return ret;
}

/* Records an operation behind which its process took the snapshot and the kernel said nothing. */
void result_ready(struct agent *agent, __u32 operation, const struct slot *slot,
		  const struct step *step)
{
	struct pl_outcome *outcome = add_outcome(agent, operation, &step->report, step->data);

	add_log(agent, outcome);
	if (!step->observe)
		return;
	outcome->observed = 1;
	outcome->snapshot_len = step->snapshot_len;
	if (step->snapshot_len)
		memcpy(grow(agent, step->snapshot_len), slot->snapshots + step->snapshot,
		       step->snapshot_len);
}

/* The program's last record, with what the kernel said while its processes ended. */
void result_end(struct agent *agent, __u32 done)
{
	struct pl_outcome *outcome = (struct pl_outcome *)grow(agent, sizeof(*outcome));

	*outcome = (struct pl_outcome){ .operation = done, .kind = PL_KIND_END, .ret = done };
	log_read(agent, 1);
	add_log(agent, outcome);
}
