"""Lists for people: what `doctor` found, what `kernels` knows. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ..build import Built
from ..jobs.doctor import Finding, missing_packages
from ..jobs.kernels import BuiltKernel, Known, Pruned, Survey


def doctor(findings: Sequence[Finding], *, verbose: bool = False) -> str:
    """A line a finding, what to do under it, and whether `make check` can run.

    Args:
        findings: those to show.
        verbose: why each is needed, too.
    """
    width = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for finding in findings:
        why = f" ({finding.why})" if finding.why and (verbose or not finding.good) else ""
        mark = "ok  " if finding.good else "LACK"
        lines.append(f"{mark}  {finding.name:<{width}}  {finding.text}{why}")
        if finding.fix:
            lines.append(f"{'':6}{'':<{width}}  -> {finding.fix}")
    bad = sum(not finding.good for finding in findings)
    packages = missing_packages(findings)
    if packages:
        lines.append(f"to install what is missing: apt-get install {' '.join(packages)}")
    lines.append("`make check` can run here" if not bad else f"`make check` lacks {bad} of these")
    return "\n".join(lines) + "\n"


def built(one: Built, *, verbose: bool = False) -> str:
    """A line a kernel: what it is and where; with `verbose` also what it was made by."""
    lines = [f"{one.kernel}  {one.arch.name:<6}  {one.config}  {one.image.parent}"]
    if verbose:
        lines += [f"  {one.compiler}", f"  {one.module}", f"  {one.initramfs}"]
    return "\n".join(lines) + "\n"


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def kernels(survey: Survey, *, verbose: bool = False) -> str:
    """A line a known kernel, one a build of it, then what else the cache has.

    Args:
        survey: what is there.
        verbose: what is unused, too, by name.
    """
    lines = []
    for known in survey.known:
        lines += _known(known)
    if survey.own:
        lines.append("your own kernels")
        lines += [f"{_build(one)}  {one.own}" for one in survey.own]
    if survey.unused:
        unused = size(sum(entry.size for entry in survey.unused))
        lines.append(f"unused: {len(survey.unused)} entries, {unused}; --prune removes them")
        if verbose:
            lines += [f"  {entry.kind}/{entry.key}" for entry in survey.unused]
    lines += [f"kept: {one.what}, {size(one.size)}; --prune removes it" for one in survey.kept]
    lines.append(f"sources: {size(survey.sources)}; Debian drops old ones, --prune does not")
    lines.append(f"cache: {survey.root}, {size(survey.size)}")
    return "\n".join(lines) + "\n"


def _known(known: Known) -> list[str]:
    if not known.archives:
        return [f"{known.name:<8}  source not fetched yet ({known.package})"]
    meant = next(one for one in known.archives if one.meant)
    head = f"{known.name:<8}  source {meant.version}, {size(meant.size)} ({known.package})"
    lines = [head]
    for one in known.archives:
        if not one.meant:
            lines.append(f"{'':8}  {one.version} is there too, {size(one.size)}: -k {one.version}")
    if known.offer:
        lines.append(
            f"{'':8}  Debian has {known.offer.version} ({known.offer.package_version}, seen "
            f"{known.offer.seen}): pagelab kernels --update -k {known.name}"
        )
    return lines + [_build(one) for one in known.builds]


def _build(one: BuiltKernel) -> str:
    state = "ready" if one.ready else "not whole: `pagelab build` completes it"
    return f"{'':8}  {one.version}  {one.arch:<6}  {one.config:<8}  {size(one.size):>9}  {state}"


def pruned(found: Sequence[Pruned]) -> str:
    """What was removed, a line each, and what that gave back."""
    lines = []
    for one in found:
        count = f"{one.count} of {one.what}" if one.count > 1 else one.what
        lines.append(f"removed {count}, {size(one.size)}")
    lines.append(f"given back: {size(sum(one.size for one in found))}")
    return "\n".join(lines) + "\n"
