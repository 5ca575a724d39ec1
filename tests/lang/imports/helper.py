"""A module to import."""
print("helper runs as", __name__)
value = 10


def double(x):
    return x * 2
