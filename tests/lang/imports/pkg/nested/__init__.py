marker = "nested marker"
