def setup():
    return int("not a number")


value = setup()
