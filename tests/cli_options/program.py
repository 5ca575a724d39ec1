import sys, warnings
print(sys.warnoptions, sys._xoptions, __debug__, sys.flags.optimize, sys.flags.isolated, sys.flags.dev_mode, "" in sys.path)
def f():
    "text"
    warnings.warn("old", DeprecationWarning)
    warnings.warn("open", ResourceWarning)
try:
    f()
    print("shown or ignored")
except Warning as error:
    print(repr(error), error.__traceback__.tb_next.tb_next)
try:
    assert not f.__doc__, "checked"
    print("no check, or no text")
except AssertionError as error:
    print(error)
