"""A second opinion: the kernel's own test of get_user_pages, against what the model predicts.

tools/testing/selftests/vm/gup_test.c of the kernel's source, unmodified, makes its calls through
the kernel's own mm/gup_test.c and has pages dumped by mm/debug.c. Nothing of the module or of the
agent takes part.
"""
