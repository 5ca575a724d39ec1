print("pkg init")
name = "the package"
