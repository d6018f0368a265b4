// SPDX-License-Identifier: GPL-2.0
/* ops_module.c - the calls that the module makes in a process's context. */
#include "process.h"
#include "sys.h"

/* What the call in the slot gave becomes the step's report. */
void module_report(struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	struct report *report = &step->report;
	const struct pl_call *call = &slot->call;

	report->ret = call->ret;
	if (call->refused) {
		report->kind = PL_KIND_REFUSED;
		report->refused = call->refused;
		report->ret = 0;
	} else if (op->code == PL_OP_PEEK && call->ret >= 0) {
		report->data_len = op->n;
	} else if (op->code == PL_OP_ACCESS_PROCESS_VM && !op->data_len && call->ret > 0) {
		report->data_len = call->ret < PL_DATA_MAX ? call->ret : PL_DATA_MAX;
	} else if (op->code == PL_OP_SCRIPTED && call->ret >= 0) {
		report->made = call->ret;
		slot->file[op->slot] = call->ret;
		report->ret = 0;
	} else if (op->code == PL_OP_BIOS || op->code == PL_OP_GET_BLOCKS) {
		report->data_len = call->aux;
	} else if (op->code == PL_OP_FOLLOW_PFN && !call->ret) {
		*(__u64 *)step->data = call->aux;
		report->data_len = sizeof(__u64);
	} else if (gets_pages(op->code) && op->aux & (PL_GET_VMAS | PL_GET_LOCKED)) {
		*(__u32 *)step->data = call->aux;
		report->data_len = sizeof(__u32);
	}
}

void module_operation(struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	struct pl_call *call = &slot->call;

	*call = (struct pl_call){
		.code = op->code,
		.flags = op->flags,
		.addr = op->addr,
		.n = op->n,
		.aux = op->aux,
		.slot = op->slot,
		.index = op->index,
		.data = (unsigned long)step->data,
		.data_len = op->data_len,
		.mode = op->mode,
		.file = op->file,
	};
	step->report.error = -sys_ioctl(slot->device, PL_IOC_CALL, call);
	module_report(slot, step);
}
