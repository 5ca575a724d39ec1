counter = 1
other = 2
