// SPDX-License-Identifier: GPL-2.0
/* run.c - one program: its processes, and its operations one by one. */
#include "agent.h"

/* ---- one program's processes --------------------------------------------- */

/* Is there such a call among the program's? */
static int has_call(const struct run *run, __u16 code)
{
	__u32 i;

	for (i = 0; i < run->program->operations; i++)
		if (run->ops[i].code == code)
			return 1;
	return 0;
}

static int run_begin(struct run *run)
{
	const struct pl_program *program = run->program;
	struct pl_begin begin = {
		.magic = PL_MAGIC,
		.version = PL_ABI_VERSION,
		.arena_start = program->arena_start,
		.arena_pages = program->arena_pages,
		.touches = program->touches,
	};
	int measures = has_call(run, PL_OP_STATM);
	unsigned int i;

	run->started = 0;
	run->asleep = 0;
	run->killed = 0;
	run->families = has_call(run, PL_OP_WAIT_PID);
	for (i = 0; i < PL_PROCESSES_MAX; i++) {
		run->pid[i] = 0;
		run->born[i] = 0;
		run->still[i] = 0;
		run->uffd[i] = -1;
		slot_of(i)->measures = measures;
		run->making[i] = PL_OPERATIONS_MAX;
	}
	for (i = 0; i < PL_FILES_MAX; i++)
		run->file[i] = -1;
	for (i = 0; i < program->touches; i++)
		begin.touch[i] = program->touch[i];

	run->device = sys_open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (run->device < 0)
		return run->device;
	return sys_ioctl(run->device, PL_IOC_BEGIN, &begin);
}

/* Starts the program's first process, whose slot is filled; 0 or -errno. */
static int run_start(struct run *run)
{
	long ret = process_start(0, 0);

	if (ret < 0)
		return ret;
	run->pid[0] = ret;
	run->started = 1;
	return 0;
}

static void end_processes(const __s32 *pid)
{
	unsigned int i;

	for (i = 0; i < PL_PROCESSES_MAX; i++)
		if (pid[i])
			sys(kill, pid[i], 9 /* SIGKILL */, 0);
	for (i = 0; i < PL_PROCESSES_MAX; i++)
		if (pid[i])
			reap(pid[i]);
}

static void run_end(struct run *run)
{
	unsigned int i;

	end_processes(run->pid);
	end_processes(run->still);
	/* whose parent was one of them are the supervisor's now */
	for (i = 0; run->families && i < PL_PROCESSES_MAX; i++)
		if (run->born[i])
			reap(run->born[i]);
	if (run->device >= 0)
		sys_close(run->device);
	for (i = 0; i < PL_FILES_MAX; i++)
		if (run->file[i] >= 0)
			sys_close(run->file[i]);
	for (i = 0; i < PL_PROCESSES_MAX; i++)
		if (run->uffd[i] >= 0)
			sys_close(run->uffd[i]);
	if (has_call(run, PL_OP_FAULT_AROUND))
		write_file(FAULT_AROUND_PATH, FAULT_AROUND_OFF);
	/* nothing is left in it when all processes are gone */
	if (has_call(run, PL_OP_SWAPON))
		sys(swapoff, SWAP_PATH, 0, 0);
}

/* ---- one operation -------------------------------------------------------- */

/* Tells the slot's process which fault to provoke first, if this is the operation. */
static void slot_provoke(struct slot *slot, const struct provoke *provoke, __u32 operation)
{
	slot->provoke_len = 0;
	if (provoke->fd < 0 || operation != provoke->operation)
		return;
	memcpy(slot->provoke, provoke->type, provoke->len);
	slot->provoke_fd = provoke->fd;
	slot->provoke_len = provoke->len;
}

/* Does the supervisor have to look behind this operation, before the next is made? */
static int ends_turn(const struct pl_operation *op)
{
	return op->code == PL_OP_EXIT || op->code == PL_OP_KILL || op->code == PL_OP_EXECVE ||
	       op->mode & PL_MODE_KILLED;
}

/* Puts operations of one process into its slot, from the first on; how many. */
static __u32 slot_fill(struct agent *agent, struct slot *slot, __u32 first)
{
	struct run *run = &agent->run;
	const struct pl_program *program = run->program;
	const struct pl_operation *op = &run->ops[first];
	__u32 n = 0;

	do {
		struct step *step = &slot->step[n++];

		step->op = *op;
		step->observe = !(program->flags & PL_PROGRAM_OBSERVE_END) ||
				first + n == program->operations;
		if (op->data_len)
			memcpy(step->data, run->blob + op->data, op->data_len);
		if (run->alone || n == STEPS_MAX || first + n == program->operations)
			break;
		op++;
	} while (op->process == run->ops[first].process && !ends_turn(op - 1));
	return n;
}

/* May a process be left asleep in it? */
static int may_sleep(const struct pl_operation *op)
{
	return op->code == PL_OP_LOAD || op->code == PL_OP_STORE || op->code == PL_OP_WAIT_PID ||
	       op->code == PL_OP_MLOCK || op->code == PL_OP_MADVISE ||
	       op->code == PL_OP_MREMAP || op->code == PL_OP_VM_READ ||
	       op->code == PL_OP_VM_WRITE || gets_pages(op->code);
}

/* Has the process make its operations; SETTLED_*, or -errno. */
static int slot_call(struct agent *agent, struct slot *slot, __u32 first)
{
	struct run *run = &agent->run;
	unsigned int process = run->ops[first].process;
	struct door *door = door_of(process);
	int ret = 0;

	if (!run->pid[process])
		door_prepare(door, run->device);
	slot->device = run->device;
	memcpy(slot->file, run->file, sizeof(slot->file));
	memcpy(slot->uffd, run->uffd, sizeof(slot->uffd));
	run->making[process] = first;
	memcpy(slot->pid, run->pid, sizeof(slot->pid));
	memcpy(slot->born, run->born, sizeof(slot->born));
	slot->families = run->families;
	slot->asleep = run->asleep;
	slot->log = agent->log_fd;
	slot->steps = slot_fill(agent, slot, first);
	slot->last = !run->alone && first + slot->steps == run->program->operations &&
		     !ends_turn(&run->ops[first + slot->steps - 1]);
	slot->done = 0;
	slot->ended = 0;
	slot_provoke(slot, &agent->provoke, first);
	if (run->pid[process])
		__atomic_store_n(&door->event, run->pid[process] | FUTEX_WAITERS, __ATOMIC_SEQ_CST);
	__atomic_store_n(&door->command, door->command + 1, __ATOMIC_SEQ_CST);
	if (run->pid[process])
		sys(futex, &door->command, FUTEX_WAKE, 1);
	else
		ret = run_start(run);
	if (!ret && run->alone && may_sleep(&run->ops[first]))
		ret = door_settle(door, run->device, process);
	else if (!ret)
		ret = door_wait(door);
	return door->refused ? -door->refused : ret;
}

/* ---- operations that sleep -------------------------------------------------- */

/*
 * What the last operation did may have woken others: a snapshot is taken when
 * each has returned, died or fallen asleep again. 0 or -errno.
 */
static int settle_all(struct run *run)
{
	unsigned int i;
	int ret;

	for (i = 0; i < PL_PROCESSES_MAX; i++) {
		if (!(run->asleep & 1u << i))
			continue;
		ret = door_settle(door_of(i), run->device, i);
		if (ret < 0)
			return ret;
		if (ret == SETTLED_ASLEEP)
			continue;
		run->asleep &= ~(1u << i);
		if (ret == SETTLED_DIED) {
			run->killed |= 1u << i;
			gone(run, i, &run->ops[run->making[i]]);
		}
	}
	return 0;
}

/* Records what became of an operation that was begun; 1 or -errno. */
static int run_wait(struct agent *agent, __u32 operation)
{
	struct run *run = &agent->run;
	const struct pl_operation *op = &run->ops[operation];
	struct report report = { .kind = PL_KIND_BLOCKED };
	__u32 bit = 1u << op->process;
	int ret;

	if (run->making[op->process] == op->aux && !((run->asleep | run->killed) & bit)) {
		ret = record_last(agent, operation, slot_of(op->process)->step);
		return ret ? ret : 1;
	}
	if (run->making[op->process] != op->aux) {
		report.kind = PL_KIND_NO_PROCESS;
	} else if (run->killed & bit) {
		report.kind = PL_KIND_DEATH;
		report.signo = 9;
	}
	ret = record(agent, operation, &report, NULL);
	return ret ? ret : 1;
}

/* Who waits for what has just died is woken before anybody looks whether it sleeps. */
static void await_dead(const struct run *run, const struct slot *slot, unsigned int process,
		       int died)
{
	__u32 i;

	if (died)
		await_end(run->pid[process]);
	for (i = 0; i < slot->done; i++) {
		const struct step *step = &slot->step[i];

		if (step->op.code == PL_OP_KILL && !step->report.ret && run->pid[step->op.slot])
			await_end(run->pid[step->op.slot]);
	}
}

/* Has a process go on, from an operation of its own; how many are recorded, or -errno. */
static int run_turn(struct agent *agent, __u32 first)
{
	static const struct report nobody = { .kind = PL_KIND_NO_PROCESS };
	static const struct report sleeper = { .kind = PL_KIND_BLOCKED };
	struct run *run = &agent->run;
	unsigned int process = run->ops[first].process;
	struct slot *slot = slot_of(process);
	int ret;

	if (run->ops[first].code == PL_OP_WAIT)
		return run_wait(agent, first);
	if (run->asleep & 1u << process) {
		ret = record(agent, first, &sleeper, NULL);
		return ret ? ret : 1;
	}
	/* The first process is made with its first turn. */
	if (!run->pid[process] && (process || run->started)) {
		ret = record(agent, first, &nobody, NULL);
		return ret ? ret : 1;
	}
	ret = slot_call(agent, slot, first);
	if (ret < 0) {
		say(agent, -1, "cannot begin", ret);
		return ret;
	}
	if (ret == SETTLED_ASLEEP) {
		run->asleep |= 1u << process;
		ret = record(agent, first, &sleeper, NULL);
		return ret ? ret : 1;
	}
	if (run->families)
		await_dead(run, slot, process, ret == SETTLED_DIED);
	if (run->asleep) {
		int err = settle_all(run);

		if (err) {
			say(agent, first, "the module cannot tell who sleeps", err);
			return err;
		}
	}
	return record_steps(agent, slot, first, ret);
}

/* Can a process of this program be left asleep? Then it is looked at after each operation. */
static int may_leave_asleep(const struct run *run)
{
	__u32 i;

	for (i = 0; i < run->program->operations; i++)
		if (run->ops[i].mode & PL_MODE_BEGIN || run->ops[i].code == PL_OP_WAIT_PID ||
		    run->ops[i].code == PL_OP_UFFD_REGISTER ||
		    run->ops[i].code == PL_OP_UFFD_COPY)
			return 1;
	return 0;
}

/* Runs operations until the last or the first that fails; how many are recorded. */
static __u32 run_operations(struct agent *agent)
{
	const struct pl_program *program = agent->run.program;
	__u32 i = 0;
	int ret;

	while (i < program->operations) {
		ret = run_turn(agent, i);
		if (ret < 0)
			return agent->recorded;
		i += ret;
		agent->recorded = i;
		if (agent->log.warned || program->flags & PL_PROGRAM_STREAM ||
		    agent->out_len >= FLUSH_AT) {
			agent->log.warned = 0;
			result_flush(agent);
		}
	}
	return i;
}

/* Makes ready what only some programs ask for; 0 or -errno. */
static int prepare(struct agent *agent)
{
	const struct run *run = &agent->run;
	int ret;

	if (agent->has_disk ||
	    !(has_call(run, PL_OP_OPEN) || has_call(run, PL_OP_DROP_CACHES)))
		return 0;
	ret = disk_mount();
	agent->has_disk = !ret;
	return ret;
}

/* Runs the program from its first process to its last; how many operations are recorded. */
static __u32 run_all(struct agent *agent)
{
	int ret = run_begin(&agent->run);
	__u32 done = 0;

	if (ret)
		say(agent, -1, "cannot begin", ret);
	else
		done = run_operations(agent);
	run_end(&agent->run);
	return done;
}

void run_program(struct agent *agent, const struct pl_frame *frame)
{
	const struct pl_program *program = (const struct pl_program *)(frame + 1);
	struct run *run = &agent->run;
	const char *problem;
	__u32 done = 0;
	int operation, ret;

	run->program = frame->len < sizeof(*program) ? NULL : program;
	problem = program_problem(program, frame->len, agent->info.task_size, &operation);
	if (problem) {
		say(agent, operation, problem, 0);
		return;
	}
	run->ops = (const struct pl_operation *)(program + 1);
	run->blob = (const __u8 *)(run->ops + program->operations);
	run->alone = program->flags & PL_PROGRAM_STREAM || agent->provoke.fd >= 0 ||
		     may_leave_asleep(run);
	agent->recorded = 0;
	ret = prepare(agent);
	log_read(agent, 0);
	log_once_again(agent);
	if (ret)
		say(agent, -1, "cannot mount the disk", ret);
	else
		done = run_all(agent);
	result_end(agent, done);
	agent->log.warned = 0;
	result_flush(agent);
}
