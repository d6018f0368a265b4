"""The kernel's own test of get_user_pages agrees with the model, and with no wrong one."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from quality.variants import wrong_rules

from harness.arch import Arch
from harness.build import Built
from harness.cache import Cache
from harness.environment import Environment
from harness.model import Semantics, semantics_for
from opinion import boot
from opinion.cases import CASES, Case
from opinion.compare import differences
from opinion.observe import Observed
from opinion.predict import Predictor

from .command import ROOT, environment

pytestmark = [pytest.mark.qemu, pytest.mark.slow]

KERNEL = "6.1"
WRONG = ("grab", "pin_adds", "partial", "file_cow_pte", "file_shared_pte")


@pytest.fixture(scope="module")
def seen(built: Built) -> list[tuple[Case, Observed]]:
    """Each case with what a guest told of it."""
    programs = boot.programs(KERNEL, built.arch, cache=Cache())
    return list(zip(CASES, boot.run(built, programs, CASES), strict=True))


@pytest.fixture(scope="module")
def semantics(built: Built) -> Semantics:
    return semantics_for(Environment(kernel=built.kernel, arch=built.arch.name))


def test_the_model_agrees(seen: list[tuple[Case, Observed]], semantics: Semantics) -> None:
    predictor = Predictor(semantics)
    wrong = {
        case.name: found
        for case, observed in seen
        if (found := differences(case, observed, predictor))
    }
    assert wrong == {}
    assert sum(len(observed.told.dumps) for _, observed in seen) > len(CASES)


@pytest.mark.parametrize("method", WRONG)
def test_a_wrong_model_does_not(
    seen: list[tuple[Case, Observed]], semantics: Semantics, method: str
) -> None:
    predictor = Predictor(semantics, wrong_rules(method))
    assert any(differences(case, observed, predictor) for case, observed in seen)


def test_one_command_does_it(arch: Arch) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "opinion", "-a", arch.name],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(
        rf"6\.1\.\d+-{arch.name}: {len(CASES)} runs of gup_test, \d+ dumped pages; "
        rf"{len(CASES)} as the model predicts, 0 otherwise\n",
        done.stdout,
    )
