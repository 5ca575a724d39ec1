real = 1


def __getattr__(name):
    if name == "missing":
        raise AttributeError("lazy says no")
    return "lazy " + name
